"""What must hold for every coupling, whatever its formula."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from conjoin import Coupling, MultiClass, MultiLabel, Objective, Relation
from conjoin.coupling import (
    AnnotatedMeans,
    BaseCoupling,
    cross_entropy,
    distribution_matching,
    fitted,
    source_label,
    target_label,
)
from conjoin.tasks import Task

from .cases import COUPLINGS, LABELS, MATERIAL, SHAPE, TARGETS, annotations, logits, relation, trusted

Make = Callable[[Relation], BaseCoupling]

every = [
    pytest.param(make, target, id=f"{name}-{kind}")
    for name, make in COUPLINGS.items()
    for kind, target in TARGETS.items()
]


def objective(make: Make, target: Task, **options: Any) -> Objective:
    return Objective([SHAPE, target], [make(relation(target))], **options).eval()


def gradients(loss: Tensor, given: dict[str, Tensor]) -> list[Tensor]:
    return list(torch.autograd.grad(loss, list(given.values()), allow_unused=True, materialize_grads=True))


@pytest.mark.parametrize(("make", "target"), every)
def test_nothing_annotated_leaves_only_matching(make: Make, target: Task) -> None:
    given = logits(target)
    loss = objective(make, target)
    loss(given, {})
    for name, value in loss.terms.items():
        if not name.startswith("match"):
            assert value == 0, name


@pytest.mark.parametrize(("make", "target"), every)
def test_an_empty_batch_is_exactly_zero(make: Make, target: Task) -> None:
    given = logits(target, size=0)
    value = objective(make, target)(given, annotations(target, size=0))
    assert value == 0
    assert all(bool((g == 0).all()) for g in gradients(value, given))


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_without_evidence_coupling_changes_nothing(target: Task) -> None:
    given, labelled = logits(target), annotations(target)
    coupled = Objective([SHAPE, target], [Coupling(relation(target))]).eval()(given, labelled)
    joint = Objective([SHAPE, target]).eval()(given, labelled)
    assert coupled == joint
    for one, other in zip(gradients(coupled, given), gradients(joint, given), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_images_set_aside_are_left_to_their_tasks(target: Task) -> None:
    given, labelled = logits(target), annotations(target)
    aside = torch.ones(12, dtype=torch.bool)
    coupled = Objective([SHAPE, target], [trusted(Coupling(relation(target)))]).eval()
    assert coupled(given, labelled) != coupled(given, labelled, set_aside=aside)
    assert coupled(given, labelled, set_aside=aside) == Objective([SHAPE, target]).eval()(given, labelled)


def permuted(target: Task, classes: list[int], outputs: list[int]) -> tuple[MultiClass, Task, Relation]:
    old = relation(target)
    source = MultiClass(SHAPE.name, [SHAPE.outputs[c] for c in classes])
    renamed = type(target)(target.name, [target.outputs[o] for o in outputs])
    return source, renamed, Relation(source, renamed, old.table[classes][:, outputs].tolist())


@pytest.mark.parametrize(("make", "target"), every)
@given(classes=st.permutations(range(3)), outputs=st.permutations(range(4)))
@settings(max_examples=10)
def test_the_order_of_classes_and_labels_does_not_matter(
    make: Make, target: Task, classes: list[int], outputs: list[int]
) -> None:
    plain, labelled = logits(target), annotations(target)
    expected = objective(make, target)(plain, labelled)
    source, renamed, table = permuted(target, classes, outputs)

    def code(values: Tensor, order: list[int]) -> Tensor:
        places = torch.tensor([order.index(old) for old in range(len(order))])
        return torch.where(values < 0, -1, places[values.clamp(min=0)])

    other = labelled[target.name]
    moved = {
        SHAPE.name: code(labelled[SHAPE.name], classes),
        target.name: code(other, outputs) if isinstance(target, MultiClass) else other[:, outputs],
    }
    shuffled = {SHAPE.name: plain[SHAPE.name][:, classes], target.name: plain[target.name][:, outputs]}
    found = Objective([source, renamed], [make(table)]).eval()(shuffled, moved)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(("make", "target"), every)
@given(cuts=st.lists(st.integers(0, 12), max_size=4), seed=st.integers(0, 99))
@settings(max_examples=15)
def test_the_parts_of_a_batch_add_up_to_the_whole(make: Make, target: Task, cuts: list[int], seed: int) -> None:
    given, labelled = logits(target, seed=seed), annotations(target, seed=seed)
    aside = torch.rand(12, generator=torch.Generator().manual_seed(seed)) < 0.3
    loss = objective(make, target)
    whole = loss(given, labelled, set_aside=aside)
    counts = loss.count(labelled, set_aside=aside)
    edges = [0, *sorted(cuts), 12]
    parts = [slice(a, b) for a, b in pairwise(edges)]

    def cut(tensors: dict[str, Tensor], part: slice) -> dict[str, Tensor]:
        return {name: tensor[part] for name, tensor in tensors.items()}

    added = [loss.count(cut(labelled, part), set_aside=aside[part]) for part in parts]
    for name, count in counts.items():
        assert sum(part[name] for part in added) == count
    total = torch.stack([loss(cut(given, p), cut(labelled, p), set_aside=aside[p], counts=counts) for p in parts]).sum()
    torch.testing.assert_close(total, whole)
    for one, other in zip(gradients(total, given), gradients(whole, given), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(("make", "target"), every)
def test_soft_one_hot_equals_hard(make: Make, target: Task) -> None:
    given, hard = logits(target), annotations(target)
    loss = objective(make, target)
    soft = {}
    for task in (SHAPE, target):
        codes = hard[task.name]
        if isinstance(task, MultiClass):
            rows = torch.nn.functional.one_hot(codes.clamp(min=0), task.outcomes).float()
            soft[task.name] = torch.where((codes < 0)[:, None], torch.nan, rows)
        else:
            soft[task.name] = torch.where(codes < 0, torch.nan, codes.float())
    assert torch.equal(loss(given, soft), loss(given, hard))
    assert loss.count(soft) == loss.count(hard)


@pytest.mark.parametrize(("make", "target"), every)
@pytest.mark.parametrize("magnitude", [1e-3, 1e2, 1e4])
def test_extreme_logits_stay_finite(make: Make, target: Task, magnitude: float) -> None:
    given = {name: (z.detach() * magnitude).requires_grad_() for name, z in logits(target).items()}
    value = objective(make, target)(given, annotations(target))
    assert bool(value.isfinite())
    assert all(bool(g.isfinite().all()) for g in gradients(value, given))


@given(
    size=st.integers(0, 5),
    classes=st.integers(2, 5),
    outputs=st.integers(2, 5),
    labels=st.booleans(),
    seed=st.integers(0, 9),
)
@settings(max_examples=40)
def test_any_shape(size: int, classes: int, outputs: int, labels: bool, seed: int) -> None:
    """Shapes are checked by beartype in every function on the way."""
    generator = torch.Generator().manual_seed(seed)
    source = MultiClass("source", [str(c) for c in range(classes)])
    target = (MultiLabel if labels else MultiClass)("target", [str(o) for o in range(outputs)])
    table = torch.rand(classes, outputs, generator=generator)
    rel = Relation(source, target, table if labels else table / table.sum(-1, keepdim=True))
    given = {
        "source": torch.randn(size, classes, generator=generator, requires_grad=True),
        "target": torch.randn(size, outputs, generator=generator, requires_grad=True),
    }
    labelled = {
        "source": torch.randint(-1, classes, (size,), generator=generator),
        "target": torch.randint(-1, 2, (size, outputs), generator=generator)
        if labels
        else torch.randint(-1, outputs, (size,), generator=generator),
    }
    for make in COUPLINGS.values():
        loss = Objective([source, target], [make(rel)])
        value = loss(given, labelled)
        assert bool(value.isfinite())
        for g, z in zip(gradients(value, given), given.values(), strict=True):
            assert g.shape == z.shape


def test_stopped_sides_receive_no_gradient() -> None:
    log_implied = torch.rand(3, 4, 2).log().requires_grad_()
    log_target = torch.rand(3, 4, 2).log().requires_grad_()
    row, mean = torch.rand(2, 3, 4, 2).log()
    to_source, to_target = distribution_matching(log_implied, row, mean, log_target)
    both = [log_implied, log_target]
    for loss, moved in ((to_source, log_implied), (to_target, log_target)):
        for side, gradient in zip(
            both, torch.autograd.grad(loss.sum(), both, allow_unused=True, retain_graph=True), strict=True
        ):
            assert (gradient is not None) == (side is moved)
    (found,) = torch.autograd.grad(to_target.sum(), log_target)
    torch.testing.assert_close(found, -0.5 * fitted(log_target, row, mean))


def test_soft_labels_carry_no_gradient() -> None:
    log_p = torch.randn(2, 3, requires_grad=True).log_softmax(-1)
    assert not source_label(log_p, torch.zeros(2, 3)).requires_grad
    log_t = torch.randn(2, 4, 2, requires_grad=True).log_softmax(-1)
    rel = relation(LABELS)
    one_hot = torch.eye(3)[:2].log()
    assert not target_label(one_hot, rel.log_table, log_t, torch.full((3, 4, 2), 0.5).log()).requires_grad


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_each_term_moves_only_the_task_it_names(target: Task) -> None:
    coupling = trusted(Coupling(relation(target)))
    given, labelled = logits(target), annotations(target)
    loss = Objective([SHAPE, target], [coupling]).eval()
    read = loss._read(labelled, given[SHAPE.name])
    views = loss._views(given, read)
    masks = loss._where(read, None)
    for term, losses in loss._losses(views).items():
        value = torch.where(masks[term], losses, 0.0).sum()
        moved = {
            name
            for name, z in given.items()
            if bool(
                (
                    torch.autograd.grad(value, z, retain_graph=True, materialize_grads=True, allow_unused=True)[0] != 0
                ).any()
            )
        }
        assert moved == {term.on}, term


def test_several_relations_of_a_source_add_their_likelihoods() -> None:
    both = trusted(Coupling(relation(LABELS), relation(MATERIAL)), 1.0)
    given = logits(LABELS, 1) | {"material": torch.zeros(1, 4)}
    labels, material = torch.tensor([[1, 0, 1, -1]]), torch.tensor([2])
    loss = Objective([SHAPE, LABELS, MATERIAL], [both]).eval()
    loss(given, {"labels": labels, "material": material})
    likelihood = relation(LABELS).log_likelihood(LABELS.annotation(labels).soft) + relation(MATERIAL).log_likelihood(
        MATERIAL.annotation(material).soft
    )
    log_p = given["shape"].log_softmax(-1)
    label = (log_p + likelihood).softmax(-1)
    expected = (label * (label.log() - log_p)).sum()
    torch.testing.assert_close(loss.terms["coannotate/shape"], expected.detach())


@pytest.mark.parametrize(("backward", "power"), [(1.0, 1.0), (0.1, 0.25)])
def test_evidence_counts_once(backward: float, power: float) -> None:
    """What passes to the class grows as it does where Bayes' rule is trusted, else as its root, not as its square."""
    pulls = []
    for evidence in (0.001, 0.002):
        coupling = trusted(Coupling(relation(LABELS)), evidence)
        coupling.judged()[0][1].source_sums[1] = 1 - backward
        coupling._rows()[0][2].total[:] = 1e4  # means that the rows are far from
        loss = Objective([SHAPE, LABELS], [coupling]).eval()
        given = logits(LABELS, 1)
        (pull,) = torch.autograd.grad(loss(given, {"labels": torch.tensor([[1, 0, 1, 0]])}), given["shape"])
        pulls.append(pull)
    torch.testing.assert_close(pulls[1], 2**power * pulls[0], rtol=0.05, atol=0.0)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_a_table_of_equal_rows_tells_nothing_of_the_class(target: Task) -> None:
    """Not even by rounding, at any step: what is asked of the class goes by the fourth root of evidence."""
    row = relation(target).table[:1]
    coupling = Coupling(Relation(SHAPE, target, row.expand(len(SHAPE.outputs), -1)))
    objective, (_, evidence) = Objective([SHAPE, target], [coupling]), coupling.judged()[0]
    for step in range(60):
        objective(logits(target, seed=step), annotations(target, seed=step))
        assert evidence.directions()[1] == 0


@pytest.mark.parametrize("remembered", [0.0, 3.0, 1e6])
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_classes_that_meet_their_rows_are_told_nothing(target: Task, remembered: float) -> None:
    """Whatever an image is annotated with, once the means agree with the table; Bayes' rule would still move it."""
    rel = relation(target)
    means = AnnotatedMeans(rel, deviations=0.0)
    means.total.copy_(remembered * rel.log_table.exp())
    base = torch.full_like(rel.log_table[0], 1 / rel.log_table.shape[-1])
    evidence = torch.ones(target.variables)
    told = means.told(rel, base, evidence, torch.tensor(0.0))
    torch.testing.assert_close(told, torch.zeros_like(rel.log_table), rtol=0, atol=1e-4)
    torch.testing.assert_close(means.told(rel, base, evidence, torch.tensor(1.0)), rel.log_table)


def test_a_row_that_is_met_already_teaches_nothing() -> None:
    """Where the mean over a class is its row, the network's own prediction is the soft label."""
    log_target = torch.randn(5, 4, 2).log_softmax(-1)
    means = log_target.exp().mean(0, keepdim=True)
    found = target_label(torch.zeros(5, 1), means.log(), log_target, means.log())
    torch.testing.assert_close(found, log_target.exp())


@given(seed=st.integers(0, 99), outcomes=st.integers(2, 4))
@settings(max_examples=25)
def test_fitting_comes_to_the_row_and_keeps_what_varies_within_a_class(seed: int, outcomes: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    first = (2 * torch.randn(30, 1, outcomes, generator=generator, dtype=torch.float64)).log_softmax(-1)
    row = (torch.rand(1, 1, outcomes, generator=generator, dtype=torch.float64) + 0.1).log().log_softmax(-1)
    log_p = first
    for _ in range(500):
        log_p = fitted(log_p, row.expand_as(log_p), log_p.exp().mean(0, keepdim=True).log().expand_as(log_p)).log()
    torch.testing.assert_close(log_p.exp().mean(0, keepdim=True), row.exp(), rtol=0, atol=1e-3)
    moved = (log_p - log_p[..., :1]) - (first - first[..., :1])  # in log-odds, the same for every image
    torch.testing.assert_close(moved, moved[:1].expand_as(moved), rtol=0, atol=1e-8)


@pytest.mark.parametrize("arm", ["joint", "kollias2024", "kollias2024-reversed"])
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_gradcheck(arm: str, target: Task) -> None:
    """Objectives without stop-gradients against finite differences."""
    loss = Objective([SHAPE, target]) if arm == "joint" else objective(COUPLINGS[arm], target)
    loss.double().eval()
    given = {name: z.detach().double().requires_grad_() for name, z in logits(target, 4).items()}
    labelled = annotations(target, 4)
    assert torch.autograd.gradcheck(lambda *z: loss(dict(zip(given, z, strict=True)), labelled), tuple(given.values()))


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_gradcheck_of_matching_and_co_annotation(target: Task) -> None:
    """Against finite differences of the same formulas with their fixed sides written as constants."""
    rel = relation(target).double()
    z_source, z_target = (z.detach().double() for z in logits(target, 3).values())
    fixed_target = target.log_probabilities(z_target)
    mean = torch.full_like(fixed_target, 1 / fixed_target.shape[-1]).log()
    soft = source_label(z_source.log_softmax(-1), rel.log_likelihood(fixed_target.exp()))

    def to_source(z: Tensor) -> Tensor:
        return distribution_matching(rel.implied(z.log_softmax(-1)), mean, mean, fixed_target)[0].sum()

    def co_annotation(z: Tensor) -> Tensor:
        return cross_entropy(soft, z.log_softmax(-1)).sum()

    for function, z in ((to_source, z_source), (co_annotation, z_source)):
        assert torch.autograd.gradcheck(function, z.clone().requires_grad_())
