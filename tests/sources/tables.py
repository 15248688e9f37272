"""Settings of sources and their annotations, for several tests."""

from typing import Any

from conjoin.sources import annotations, prepare

TASKS: dict[str, Any] = {"article": {"classes": ["shirt", "shoe"]}}
TRAIN = {"split": "train"}
ROWS = [{"article": name} for name in ("shirt", "shoe", "", "shoe")]


def codes(study: Any, task: str = "article", given: Any = None) -> Any:
    """Annotations of all images, which are all in train."""
    prepared = prepare(study.model_copy(update={"data": study.data}), given, refuse=False)
    prepared.account.faults.refuse()
    assert len(prepared.table["train"]) > 0
    return annotations(prepared.table["train"])[task].tolist()
