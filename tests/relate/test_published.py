"""Published tables, and the part of one that two tasks have."""

from typing import Any

import numpy as np
import pytest

from conjoin import MultiClass, MultiLabel, RelationTable, published
from conjoin.relate import partial_table

from .rows import NAN


def test_published() -> None:
    assert published() == ("du2014", "du2014-compound")
    table = published("du2014")
    assert "Du, Tao & Martinez 2014" in table.origin
    assert any("NOT stated" in note for note in table.notes)
    cell = {
        (emotion, unit): table.probability[i, j]
        for i, emotion in enumerate(table.classes)
        for j, unit in enumerate(table.outputs)
    }
    assert [cell["happiness", unit] for unit in ("AU6", "AU12", "AU25", "AU1")] == [0.51, 1, 1, 0]
    assert [cell["disgust", unit] for unit in ("AU4", "AU24", "AU9")] == [0.31, 0.26, 1]
    assert (table.probability > 0).sum() == 3 + 6 + 7 + 6 + 5 + 5
    compound = published("du2014-compound")
    assert len(compound.classes) == 15
    assert compound.outputs == table.outputs
    assert any("NOT confirmed" in note for note in compound.notes)
    relation = table.relation(MultiClass("emotion", table.classes), MultiLabel("units", table.outputs))
    assert relation.table.max() == pytest.approx(0.99)


def test_the_part_of_a_table_that_two_tasks_have() -> None:
    given = RelationTable(
        ("sad", "glad"),
        ("AU1", "AU12", "AU26"),
        "multi-label",
        np.array([[0.6, 0.1, 0.2], [0.05, 0.9, 0.4]]),
        "me",
        count=np.array([[3.0, 3, 3], [8, 8, 8]]),
        notes=("from memory",),
    )
    found = partial_table(given, ["neutral", "glad", "sad"], ["AU14", "AU12", "AU1"], fill={"neutral": 0.03})
    assert (found.classes, found.outputs) == (("neutral", "glad", "sad"), ("AU14", "AU12", "AU1"))
    np.testing.assert_array_equal(found.probability, [[0.5, 0.03, 0.03], [0.5, 0.9, 0.05], [0.5, 0.1, 0.6]])
    np.testing.assert_array_equal(found.count, [[NAN] * 3, [NAN, 8, 8], [NAN, 3, 3]])
    assert found.origin == "me; neutral 0.03 as the study states; nothing said of AU14"
    assert found.notes == ("from memory",)
    same = partial_table(given, given.classes, given.outputs, fill={})
    np.testing.assert_array_equal(same.probability, given.probability)
    assert (same.origin, same.notes) == (given.origin, given.notes)
    many = partial_table(given, given.classes, ["AU1", *"abcde"], fill={})
    assert many.origin == "me; nothing said of a, b, c and 2 more"


PARTS: dict[str, tuple[dict[str, Any], str]] = {
    "a class without row": (
        {"classes": ["happiness", "hapiness"]},
        "`fill` should give a probability for every class that the table lacks. Found none for 'hapiness' (1 missing). "
        "Did you mean 'happiness'? Or leave that class out with `missing`.",
    ),
    "a class filled twice": (
        {"fill": {"happiness": 0.1}},
        "`fill` should name classes that the table lacks. Found 'happiness', which the table has",
    ),
    "no class": (
        {"fill": {"neutrall": 0.1}, "classes": ["happiness", "fear"]},
        "`fill` should name classes that the table lacks. Found 'neutrall', which is no class.",
    ),
    "no label": (
        {"outputs": ["AU99"]},
        "The table should have a column for some of the labels. Found none of ['AU99']",
    ),
}


@pytest.mark.parametrize("case", PARTS)
def test_what_is_no_part_of_a_table(case: str) -> None:
    settings, words = PARTS[case]
    settings = {"classes": ["happiness"], "outputs": ["AU1"], "fill": {}} | settings
    with pytest.raises(ValueError) as error:  # noqa: PT011
        partial_table(published("du2014"), **settings)
    assert words in str(error.value)


def test_no_part_of_a_table_over_classes() -> None:
    with pytest.raises(ValueError, match="should be over labels: rows over classes would no longer sum to 1"):
        partial_table(
            RelationTable(("a",), ("x", "y"), "multi-class", np.array([[0.5, 0.5]]), "me"), ["a"], ["x"], fill={}
        )
