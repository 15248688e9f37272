"""A table that is wrong in places, corrected by annotations of the target."""

import pytest
import torch
from torch import Tensor

from conjoin import Coupling, MultiClass, MultiLabel, Network, Objective, Relation, TrainingSettings, fit
from conjoin.coupling import CorrectedTable, View
from conjoin.data import AnnotatedImages
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


def test_an_image_that_comes_back_is_counted_once() -> None:
    relation = Relation(SOURCE, LABELS, STATED.tolist())
    told, untold = CorrectedTable(relation, decay=1.0), CorrectedTable(relation, decay=1.0)
    told.expect(torch.tensor([1, 100]))
    source = view(SOURCE, torch.tensor([[[1.0, 1e-9, 1e-9]]]).log(), torch.tensor([0]))
    target = view(LABELS, torch.zeros(1, 2, 2), torch.tensor([[0, 1]]))
    for _ in range(50):
        told.update(relation, source, target, ONE)
        untold.update(relation, source, target, ONE)
    often = torch.tensor([16 * 0.99 / 66, (0.16 + 50) / 66])
    torch.testing.assert_close(untold.rows(relation).exp()[0, :, 1], often)
    once = torch.tensor([16 * 0.99 / 17, (0.16 + 50) / 66])  # of the second label there are more images than came
    torch.testing.assert_close(told.rows(relation).exp()[0, :, 1], once)


def test_fit_tells_how_many_images_there_are() -> None:
    labels = torch.tensor([[1, 0], [0, -1], [-1, -1], [1, -1]])
    images = AnnotatedImages(
        torch.rand(4, 1, 8, 8),
        {"s": torch.tensor([-1, -1, 2, -1]), "t": labels},
        torch.zeros(4).long(),
        torch.zeros(4).bool(),
    )
    coupling = Coupling(Relation(SOURCE, LABELS, STATED.tolist()))
    ((_, corrected, _),) = coupling._rows()
    assert corrected.annotated.tolist() == [0.0, 0.0]
    objective = Objective([SOURCE, LABELS], [coupling])
    network = Network([SOURCE, LABELS], "small", channels=1)
    fit(network, objective, images, TrainingSettings(steps=1, batch_size=4))
    assert corrected.annotated.tolist() == [3.0, 1.0]
    ((_, evidence),) = coupling.judged()
    assert evidence.source_images == 1


def test_evidence_is_told_of_the_images_it_is_measured_on() -> None:
    coupling = Coupling(Relation(SOURCE, LABELS, STATED.tolist()))
    ((_, evidence),), ((_, corrected, annotated),) = coupling.judged(), coupling._rows()
    assert evidence.source_images == 0
    known = {"s": torch.tensor([0, 1, 2, -1]), "t": torch.tensor([[0, 1], [-1, 1], [-1, -1], [0, 0]])}
    aside = torch.tensor([True, False, True, True])
    Objective([SOURCE, LABELS], [coupling]).expect(known, set_aside=aside)
    assert evidence.source_images == 2
    assert corrected.annotated.tolist() == [2.0, 3.0]
    assert annotated.annotated.tolist() == [1.0, 1.0]  # those whose class is not known


def test_more_images_than_are_looked_at_in_one_go() -> None:
    coupling = Coupling(Relation(SOURCE, LABELS, STATED.tolist()))
    ((_, evidence),), ((_, corrected, annotated),) = coupling.judged(), coupling._rows()
    classes = torch.arange(150_000) % 3
    classes[-10:] = -1
    Objective([SOURCE, LABELS], [coupling]).expect({"s": classes, "t": torch.zeros(150_000, 2, dtype=torch.int8)})
    assert evidence.source_images == 149_990
    assert corrected.annotated.tolist() == [150_000.0, 150_000.0]
    assert annotated.annotated.tolist() == [10.0, 10.0]


def test_a_task_that_the_data_does_not_have_is_annotated_nowhere() -> None:
    none = torch.zeros(4).long()
    images = AnnotatedImages(torch.rand(4, 1, 8, 8), {"s": torch.tensor([0, 1, 2, 0])}, none, none.bool())
    coupling = Coupling(Relation(SOURCE, LABELS, STATED.tolist()))
    network = Network([SOURCE, LABELS], "small", channels=1)
    fit(network, Objective([SOURCE, LABELS], [coupling]), images, TrainingSettings(steps=1, batch_size=4))
    ((_, corrected, _),) = coupling._rows()
    assert corrected.annotated.tolist() == [0.0, 0.0]


def test_annotations_to_expect_are_checked() -> None:
    objective = Objective([SOURCE, LABELS], [Coupling(Relation(SOURCE, LABELS, STATED.tolist()))])
    with pytest.raises(ValueError, match="`annotations` should hold those of at least one task"):
        objective.expect({})
    with pytest.raises(KeyError, match="unknown"):
        objective.expect({"unknown": torch.zeros(3).long()})


def test_an_objective_shows_its_corrected_tables() -> None:
    kind = MultiClass("k", ["x", "y"])
    relations = [Relation(SOURCE, LABELS, STATED.tolist()), Relation(SOURCE, kind, [[0.75, 0.25]] * 3)]
    objective = Objective([SOURCE, LABELS, kind], [Coupling(*relations)])
    assert [relation.name for relation in objective.relations()] == ["s->t", "s->k"]
    for relation in relations:
        torch.testing.assert_close(objective.corrected()[relation.name], relation.table)
    logits = {name: torch.zeros(1, len(task.outputs)) for name, task in objective.tasks.items()}
    annotations = {"s": torch.tensor([1]), "t": torch.tensor([[-1, 1]]), "k": torch.tensor([1])}
    objective(logits, annotations)
    found = objective.corrected()
    torch.testing.assert_close(found["s->t"][1], torch.tensor([0.01, (16 * 0.6 + 1) / 17]))
    torch.testing.assert_close(found["s->k"][1], torch.tensor([16 * 0.75, 16 * 0.25 + 1]) / 17)
    torch.testing.assert_close(found["s->k"][0], torch.tensor([0.75, 0.25]))
    assert Objective([SOURCE, LABELS]).corrected() == {}
