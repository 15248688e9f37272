"""One vocabulary of expressions and action units, so that data sets are aligned by name and not by code."""

import re

from conjoin.names import nearest

EXPRESSION_NAMES = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt", "other")
"""Names used for the basic expressions of every data set; `other` is what one calls none of these."""

_SPELLINGS = {
    "happy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
    "fearful": "fear",
    "disgusted": "disgust",
    "angry": "anger",
}


def expression(name: str) -> str:
    """The common name of an expression, however a data set spells it.

    Raises:
        ValueError: if it is none that is known.

    """
    found = name.strip().lower()
    found = _SPELLINGS.get(found, found)
    if found not in EXPRESSION_NAMES:
        raise ValueError(f"`name` should be an expression. Found {name!r}. {nearest(found, EXPRESSION_NAMES)}")
    return found


def action_unit(text: str) -> str | None:
    """`AU6` for a heading such as `'AU 06'`, `au6`, `6`; None where it is no action unit.

    Numbers are those of the Facial Action Coding System (Ekman & Friesen 1978).
    """
    found = re.fullmatch(r"\W*(?:AU)?[\s_]*0*(\d{1,2})\W*", text.strip(), re.IGNORECASE)
    return None if found is None or not int(found[1]) else f"AU{int(found[1])}"
