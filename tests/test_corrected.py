"""A table that is wrong in places, corrected by annotations of the target."""

import pytest
import torch
from torch import Tensor

from conjoin import MultiClass, MultiLabel, Relation
from conjoin.coupling import CorrectedTable, View
from conjoin.tasks import Task

SOURCE = MultiClass("s", ["a", "b", "c"])
LABELS = MultiLabel("t", ["p", "q"])
TRUE = torch.tensor([[0.85, 0.03], [0.03, 0.5], [0.5, 0.85]])
STATED = torch.tensor([[0.99, 0.01], [0.01, 0.6], [0.5, 0.99]])
ONE = torch.ones(())


def view(task: Task, log_p: Tensor, annotation: Tensor) -> View:
    soft, known = task.annotation(annotation)
    return View(log_p, soft.to(log_p), known, log_p.mean(0))


def batches(steps: int, *, sure: float, seed: int = 0) -> list[tuple[View, View]]:
    """Images whose class is drawn as predicted, and their labels as the true table says."""
    generator = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(steps):
        p = (sure * torch.randn(200, 3, generator=generator)).softmax(-1)
        classes = torch.multinomial(p, 1, generator=generator)[:, 0]
        labels = (torch.rand(200, 2, generator=generator) < TRUE[classes]).long()
        nothing = torch.full((200, 2, 2), 0.5).log()
        found.append((view(SOURCE, p.log()[:, None], torch.full((200,), -1)), view(LABELS, nothing, labels)))
    return found


@pytest.mark.parametrize("sure", [10.0, 2.0])
def test_cells_come_to_what_annotations_tell_however_sure_the_classes_are(sure: float) -> None:
    relation = Relation(SOURCE, LABELS, STATED.tolist())
    corrected = CorrectedTable(relation, decay=0.99)
    counted = torch.zeros(3, 2)
    images = torch.zeros(3, 1)
    for source, target in batches(400, sure=sure):
        corrected.update(relation, source, target, ONE)
        share = source.log_p[:, 0].exp()
        counted, images = counted + share.T @ target.soft[..., 1], images + share.sum(0)[:, None]
    rows = corrected.rows(relation).exp()[..., 1]
    torch.testing.assert_close(rows, TRUE, rtol=0, atol=0.03)
    assert (STATED - TRUE).abs().max() > 0.13
    if sure < 5:
        assert ((counted / images) - TRUE).abs().max() > 0.1  # counted as predicted, rows become alike


def test_what_is_not_annotated_leaves_the_stated_rows() -> None:
    relation = Relation(SOURCE, LABELS, STATED.tolist())
    corrected = CorrectedTable(relation)
    torch.testing.assert_close(corrected.rows(relation), relation.log_table)
    for source, target in batches(5, sure=2.0):
        labels = torch.stack([torch.zeros(200), torch.full((200,), -1.0)], -1).long()
        corrected.update(relation, source, view(LABELS, target.log_p, labels), ONE)
    rows = corrected.rows(relation).exp()[..., 1]
    assert (rows[:, 0] < 0.1).all()
    torch.testing.assert_close(rows[:, 1], relation.table[:, 1])


def test_a_few_images_move_a_row_a_little() -> None:
    relation = Relation(SOURCE, LABELS, STATED.tolist())
    corrected = CorrectedTable(relation)
    log_p = torch.tensor([[[1.0, 1e-9, 1e-9]]]).log()
    corrected.update(
        relation,
        view(SOURCE, log_p, torch.tensor([0])),
        view(LABELS, torch.zeros(1, 2, 2), torch.tensor([[0, 1]])),
        ONE,
    )
    torch.testing.assert_close(corrected.rows(relation).exp()[0, :, 1], torch.tensor([16 * 0.99 / 17, 1.16 / 17]))
