"""What administrators may enter."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanWidget,
)

from recommender.services import runs


class TrainForm(forms.Form):
    """The settings of a training run; what is left empty keeps its default."""

    n_epochs = forms.IntegerField(
        label="Epochs",
        widget=UnfoldAdminIntegerFieldWidget,
        min_value=1,
        max_value=1000,
        required=False,
        help_text="Passes over the ratings. The best one is kept.",
    )
    device = forms.ChoiceField(
        choices=[(name, name) for name in runs.DEVICES],
        widget=UnfoldAdminSelectWidget,
        required=False,
        help_text="“auto” takes a CUDA card where there is one.",
    )
    include_simulated = forms.BooleanField(
        label="Allow simulated raters beside real ones",
        widget=UnfoldBooleanWidget,
        required=False,
        help_text="Only for trying things out: such a model is good for neither.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        default = runs.default_configuration()["n_epochs"]
        self.fields["n_epochs"].widget.attrs["placeholder"] = str(default)

    def configuration(self) -> dict[str, Any]:
        """What was chosen, for ``runs.create``."""
        chosen = {name: self.cleaned_data[name] for name in ("n_epochs", "device")}
        return {name: value for name, value in chosen.items() if value not in (None, "")}
