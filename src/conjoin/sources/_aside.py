"""Images on which couplings do not act, so that evidence is not measured on what they have trained."""

import numpy as np
from numpy.typing import NDArray

from conjoin.sources._prepare import Prepared
from conjoin.sources._rows import annotated
from conjoin.sources._tables import annotations
from conjoin.study import Study

_SHARE, _MOST, _MOST_SHARE = 5, 50, 100
"""Set aside is a fifth of the annotated images, but no more than 50 or than a hundredth."""


def set_aside(study: Study, prepared: Prepared) -> NDArray[np.bool_]:
    """Of the training images that a source annotates for a task of a relation, a fifth.

    At most 50 or a hundredth, whichever is more. Those annotated for fewest of these tasks come first: what a network
    has learnt of one annotation of an image says little of how the other follows from it, and tables are counted from
    images that have both. Then their pixels say which, whatever other images there are.
    """
    table, content = prepared.table["train"], prepared.content["train"]
    related = {name for relation in study.relations for name in (relation.source, relation.target)}
    annotated_for = [annotated(values) for name, values in annotations(table).items() if name in related]
    aside, source = np.zeros(len(table), dtype=bool), np.asarray(table["source"][:])
    order = np.lexsort((content, np.sum(annotated_for, axis=0))) if related else ()
    for has in annotated_for:
        for number in np.unique(source[has]):
            rows = order[(has & (source == number))[order]]
            aside[rows[: min(len(rows) // _SHARE, max(_MOST, len(rows) // _MOST_SHARE))]] = True
    return aside
