"""What all parts of a study file have in common."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Refuses unknown keys; cannot be changed once made."""

    # A class may be called 0 in YAML. Docstrings of fields are descriptions in the JSON schema.
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True, use_attribute_docstrings=True)


def tag_of(kind: type[BaseModel]) -> str:
    """What marks one of several models in the location of an error; no key of a study looks like it."""
    return f"<{kind.__name__}>"
