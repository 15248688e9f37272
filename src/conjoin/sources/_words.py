"""Labels from the words of a text, where the text settles them."""

import re
from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from conjoin.cells import composed, spell
from conjoin.sources._cells import as_text
from conjoin.study import Words


def from_words(text: pl.Series, settings: Words, missing: Iterable[object] = ()) -> dict[str, NDArray[np.int8]]:
    """1 where a word of the label occurs, 0 where only words of its group do, -1 where none does."""
    text = text.cast(pl.String).set(as_text(text).is_in(spell(missing)).fill_null(False), None)
    text = text.str.normalize("NFC")
    found = {
        label: text.str.contains(_pattern(composed(words))).fill_null(False).to_numpy()
        for label, words in settings.words.items()
    }
    labels = {}
    for group in settings.settled_by:
        settled = np.any([found[label] for label in group], axis=0)
        for label in group:
            labels[label] = np.where(found[label], 1, np.where(settled, 0, -1)).astype(np.int8)
    return {label: labels[label] for label in settings.words}


def _pattern(words: tuple[str, ...]) -> str:
    """Any of the words as a whole word, of a phrase with any space between."""
    phrases = (r"\s+".join(re.escape(part) for part in word.split()) for word in words)
    return r"(?i)(?:^|\W)(?:" + "|".join(phrases) + r")(?:$|\W)"
