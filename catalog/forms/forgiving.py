"""Forms that are filled in by an address."""

from django import forms


class ForgivingForm(forms.Form):
    """A form for an address: what it does not know is ignored and named, never an error page."""

    @property
    def values(self) -> dict[str, str]:
        """The value of each field, empty where nothing (or nothing valid) is given."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}

    @property
    def ignored(self) -> list[str]:
        """A sentence for each value that is ignored."""
        return [
            f"{self.fields[name].label}: “{self.data.get(name, '')[:40]}” is not known, "
            "so it was left out."
            for name in self.errors
        ]
