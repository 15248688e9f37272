"""Images on which couplings do not act, so that evidence is not measured on what they have trained."""

import numpy as np
from numpy.typing import NDArray

from conjoin.sources._prepare import Prepared
from conjoin.sources._rows import annotated, known
from conjoin.sources._tables import annotations
from conjoin.study import Study

_SHARE, _MOST, _MOST_SHARE = 5, 50, 100
"""Set aside is a fifth of the annotated images, but no more than 50 or than a hundredth."""


def set_aside(study: Study, prepared: Prepared) -> NDArray[np.bool_]:
    """Of the training images that a source annotates for a class or label of a relation, a fifth.

    At most 50 or a hundredth, whichever is more; of each label, as evidence is measured label by label. Those annotated
    for fewest of these tasks come first: what a network has learnt of one annotation of an image says little of how the
    other follows from it, and tables are counted from images that have both. Then their pixels say which, whatever
    other images there are.
    """
    table, content = prepared.table["train"], prepared.content["train"]
    related = {name for relation in study.relations for name in (relation.source, relation.target)}
    values = {name: found for name, found in annotations(table).items() if name in related}
    aside, source = np.zeros(len(table), dtype=bool), np.asarray(table["source"][:])
    if not values:
        return aside
    order = np.lexsort((content, np.sum([annotated(found) for found in values.values()], axis=0)))
    of_source = [source[order] == number for number in np.unique(source)]
    for found in values.values():
        for has in known(found)[order].reshape(len(table), -1).T:  # one label at a time: there may be many
            for here in of_source:
                rows = order[has & here]
                aside[rows[: min(len(rows) // _SHARE, max(_MOST, len(rows) // _MOST_SHARE))]] = True
    return aside
