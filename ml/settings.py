"""What the settings of every model have in common: to JSON and back."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from ml.errors import ConfigError


@dataclass(frozen=True)
class Settings:
    """Base of the settings classes, which are frozen and check themselves when they are made."""

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them; :meth:`from_dict` takes them back."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build settings from :meth:`to_dict`'s form; what is left out keeps its default.

        Raises:
            ConfigError: for a key that is no setting, or a value out of range.
        """
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ConfigError(
                f"Unknown settings: {', '.join(unknown)}. Known are: {', '.join(sorted(known))}."
            )
        return cls(
            **{
                name: tuple(value) if isinstance(value, list) else value
                for name, value in values.items()
            }
        )
