"""Range checks of settings, with messages that name the field, its value and what is allowed."""

import math

from ml.errors import ConfigError


def whole_number(field: str, value: object, lowest: int, highest: int) -> None:
    """Refuse what is not a whole number in [lowest, highest]; True is no number.

    Raises:
        ConfigError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise ConfigError(
            f"{field} must be a whole number from {lowest} to {highest}, not {value!r}."
        )


def real_number(
    field: str,
    value: object,
    lowest: float,
    highest: float,
    *,
    lower_open: bool = False,
    upper_open: bool = False,
) -> None:
    """Refuse what is not a finite number between the bounds; an open bound is excluded itself.

    Raises:
        ConfigError: it is not.
    """
    allowed = (
        not isinstance(value, bool)
        and isinstance(value, int | float)
        and math.isfinite(value)
        and (lowest < value if lower_open else lowest <= value)
        and (value < highest if upper_open else value <= highest)
    )
    if not allowed:
        interval = f"{'(' if lower_open else '['}{lowest}, {highest}{')' if upper_open else ']'}"
        raise ConfigError(f"{field} must be a number in {interval}, not {value!r}.")
