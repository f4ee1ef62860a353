"""Give the fields of a form the classes of the design and tie their help and errors to them."""

from typing import Any

from django import forms


class StyledForm(forms.Form):
    """A form whose widgets carry the design's classes; used as a mixin in front of Django's own forms too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Add the classes."""
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select" if isinstance(field.widget, forms.Select) else "form-control"

    def full_clean(self) -> None:
        """Mark the fields in error, for the eye and for screen readers."""
        super().full_clean()
        if not self.is_bound:
            return
        for name in self.errors:
            if name in self.fields:
                attributes = self.fields[name].widget.attrs
                attributes["class"] = f"{attributes.get('class', '')} is-invalid".strip()
                attributes["aria-invalid"] = "true"
