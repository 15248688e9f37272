"""The objective as an `nn.Module`: state, modes, absent tasks, precision, distribution, compilation."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from conjoin import Coupling, Evidence, MultiClass, MultiLabel, Objective, Relation
from conjoin.tasks import Task

from .cases import LABELS, MATERIAL, SHAPE, TARGETS, annotations, logits, relation, trusted


def coupled(target: Task = LABELS) -> Objective:
    return Objective([SHAPE, target], [trusted(Coupling(relation(target)))])


def gate(objective: Objective) -> Evidence:
    coupling = objective.couplings[0]
    assert isinstance(coupling, Coupling)
    return coupling.judged()[0][1]


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_an_absent_task_equals_one_that_is_not_annotated(target: Task) -> None:
    given, labelled = logits(target), annotations(target)
    for name in labelled:
        rest = {other: value for other, value in labelled.items() if other != name}
        empty = rest | {name: torch.full_like(labelled[name], -1)}
        assert torch.equal(coupled(target)(given, rest), coupled(target)(given, empty))


def test_evaluation_changes_nothing_and_training_does() -> None:
    objective = coupled()
    before = {name: value.clone() for name, value in objective.state_dict().items()}
    objective.eval()(logits(LABELS), annotations(LABELS))
    assert all(torch.equal(value, before[name]) for name, value in objective.state_dict().items())
    objective.train()(logits(LABELS), annotations(LABELS))
    after = objective.state_dict()
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    assert changed == {
        "rates.0.counts",
        "rates.1.counts",
        "rates.0.images",
        "rates.1.images",
        "couplings.0.means.0.total",
        "couplings.0.corrected.0.total",
        "couplings.0.annotated.0.total",
        *(f"couplings.0.evidence.0.{kept}" for kept in ("target_nll", "target_count", "source_sums", "source_count")),
    }


def test_state_travels_with_the_state_dict() -> None:
    trained = coupled()
    for seed in range(3):
        trained(logits(LABELS, seed=seed), annotations(LABELS, seed=seed))
    restored = Objective([SHAPE, LABELS], [Coupling(relation(LABELS))])
    restored.load_state_dict(trained.state_dict())
    given, labelled = logits(LABELS, seed=9), annotations(LABELS, seed=9)
    assert torch.equal(trained.eval()(given, labelled), restored.eval()(given, labelled))
    assert torch.equal(trained.evidence()["shape->labels"], restored.evidence()["shape->labels"])


def test_evidence_is_measured_on_images_set_aside() -> None:
    aside = torch.zeros(12, dtype=torch.bool)
    given, labelled = logits(LABELS), annotations(LABELS)
    before = coupled()
    before(given, labelled, set_aside=aside)
    evidence = gate(before)
    assert evidence.source_count == 1e6  # nothing to measure on, and nothing forgotten
    aside[:6] = True
    found = coupled()
    found(given, labelled, set_aside=aside)
    expected = coupled()
    expected({n: z[:6] for n, z in given.items()}, {n: a[:6] for n, a in labelled.items()})
    one, other = gate(found), gate(expected)
    assert torch.equal(one.target_count, other.target_count)
    assert torch.equal(one.source_count, other.source_count)


@pytest.mark.parametrize("name", ["shape", "labels"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_batch_that_overflowed_leaves_nothing_behind(name: str, value: float) -> None:
    """A step that a gradient scaler skips: logits that are not finite must not stay in running sums."""
    objective = Objective([SHAPE, LABELS], [trusted(Coupling(relation(LABELS)))], validate=False)
    given, labelled = logits(LABELS), annotations(LABELS)
    objective(given, labelled)
    before = objective.evidence()["shape->labels"].clone()
    overflowed = given | {name: given[name].detach().clone()}
    overflowed[name][:] = value
    assert not objective(overflowed, labelled).isfinite()
    assert all(value.isfinite().all() for value in objective.state_dict().values())
    assert torch.equal(objective.evidence()["shape->labels"], before)
    assert objective(given, labelled).isfinite()


def test_evidence_waits_for_enough_annotations() -> None:
    objective = Objective([SHAPE, LABELS], [Coupling(relation(LABELS))])
    gate(objective).source_sums[:] = torch.tensor([1.0, 0.0, 0.0])
    objective(logits(LABELS), annotations(LABELS))
    assert bool((objective.evidence()["shape->labels"] == 0).all())


def test_weights_scale_a_task() -> None:
    given, labelled = logits(LABELS), annotations(LABELS)
    whole = Objective([SHAPE, LABELS]).eval()(given, labelled)
    without = Objective([SHAPE, LABELS], weights={"labels": 0.0}).eval()(given, labelled)
    twice = Objective([SHAPE, LABELS], weights={"labels": 2.0}).eval()(given, labelled)
    torch.testing.assert_close(twice - whole, whole - without)
    assert without == Objective([SHAPE, LABELS]).eval()(given, {"shape": labelled["shape"]})


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_logit_adjustment_adds_log_base_rates_for_losses_and_couplings_alike(target: Task) -> None:
    """Worked out with logits changed by hand: of a label, by the log odds of its base rate."""
    objective = Objective([SHAPE, target], [trusted(Coupling(relation(target)))], adjustments={target.name: 2.0})
    for seed in range(3):
        objective(logits(target, seed=seed), annotations(target, seed=seed))
    plain = Objective([SHAPE, target], [Coupling(relation(target))])
    plain.load_state_dict(objective.state_dict())
    counts = objective.get_buffer("rates.1.counts")
    rates = counts / counts.sum(-1, keepdim=True)
    shift = rates[0].log() if isinstance(target, MultiClass) else (rates[:, 1] / rates[:, 0]).log()
    given, labelled = logits(target, seed=9), annotations(target, seed=9)
    by_hand = given | {target.name: given[target.name] + 2 * shift}
    torch.testing.assert_close(objective.eval()(given, labelled), plain.eval()(by_hand, labelled))
    assert objective(given, labelled) != plain(given, labelled)


def test_logits_adjusted_in_training_tell_classes_as_if_they_were_equally_frequent() -> None:
    """One bit, seen rightly in 9 of 10 images, of a class that one image in ten has: Bayes' rule is 50:50 there."""
    task = MultiClass("c", ["rare", "common"])
    bit = torch.tensor([0] * 9 + [1] * 1 + [0] * 9 + [1] * 81)
    labelled = {"c": torch.tensor([0] * 10 + [1] * 90)}
    for strength, expected in ((0.0, 0.5), (1.0, 0.9)):
        table = torch.zeros(2, 2, requires_grad=True)
        objective = Objective([task], adjustments={"c": strength})
        optimizer = torch.optim.LBFGS([table], max_iter=100)

        def closure(objective: Objective = objective, table: Tensor = table) -> Tensor:
            table.grad = None
            loss: Tensor = objective({"c": table[bit]}, labelled)
            loss.backward()
            return loss

        optimizer.step(closure)
        assert float(table.detach().softmax(-1)[0, 0]) == pytest.approx(expected, abs=0.01)


def test_couplings_are_in_scale_where_few_of_many_labels_are_annotated() -> None:
    """One label of 100 on each image: the 99 others are coupled, and weigh about as much as the annotations."""
    many = MultiLabel("many", [str(i) for i in range(100)])
    generator = torch.Generator().manual_seed(0)
    coupling = Coupling(Relation(SHAPE, many, torch.rand(3, 100, generator=generator)))
    objective = Objective([SHAPE, many], [coupling])
    labels = torch.full((300, 100), -1)
    labels[torch.arange(300), torch.arange(300) % 100] = torch.randint(0, 2, (300,), generator=generator)
    shape = torch.where(torch.arange(300) < 100, torch.arange(300) % 3, -1)
    given = {"shape": torch.zeros(300, 3), "many": torch.zeros(300, 100)}
    known = {"shape": shape, "many": labels}
    objective(given, known)  # counts base rates
    trusted(coupling, 1.0)
    objective.eval()(given, known)
    joint = Objective([SHAPE, many])(given, known)
    assert 0.5 < float((objective(given, known) - joint) / joint) < 3


def test_half_precision_does_not_reach_the_counts() -> None:
    plain = coupled()
    for _ in range(200):
        loss = plain(logits(LABELS), annotations(LABELS))
    assert plain.state_dict()["rates.0.counts"].max() > 256  # where bfloat16 would stand still
    for convert in (Objective.half, Objective.bfloat16):
        objective = convert(coupled())
        for _ in range(200):
            assert objective(logits(LABELS), annotations(LABELS)).dtype == loss.dtype == torch.float32
        for name, value in plain.state_dict().items():
            assert torch.equal(objective.state_dict()[name], value), name


def test_evidence_forgets_by_optimizer_steps_not_by_calls() -> None:
    counts = []
    labelled = annotations(LABELS)
    for size in (12, 3):
        objective = Objective([SHAPE, LABELS], [Coupling(relation(LABELS))])
        whole = objective.count(labelled)
        for _ in range(100):
            for start in range(0, 12, size):
                part = slice(start, start + size)
                cut = {name: z[part] for name, z in logits(LABELS).items()}
                objective(cut, {name: a[part] for name, a in labelled.items()}, counts=whole)
        counts.append(gate(objective).source_count)
    torch.testing.assert_close(counts[0], counts[1], rtol=0.02, atol=0)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_logits_of_another_type_take_that_of_the_objective(target: Task) -> None:
    wide = {name: z.detach().double() for name, z in logits(target).items()}
    loss = coupled(target)(wide, annotations(target))
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, coupled(target)(logits(target), annotations(target)))
    assert coupled(target).double()(logits(target), annotations(target)).dtype == torch.float64


def test_half_precision_logits_are_widened() -> None:
    given = {name: z.detach().bfloat16().requires_grad_() for name, z in logits(LABELS).items()}
    wide = {name: z.float() for name, z in given.items()}
    loss = coupled().eval()(given, annotations(LABELS))
    assert loss.dtype == torch.float32
    assert torch.equal(loss, coupled().eval()(wide, annotations(LABELS)))
    loss.backward()
    assert all(z.grad is not None and z.grad.dtype == torch.bfloat16 for z in given.values())


NEEDS_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
DEVICES = ["cpu", pytest.param("cuda", marks=NEEDS_CUDA)]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_autocast_does_not_reach_the_losses(device: str, target: Task) -> None:
    objective = coupled(target).to(device)
    given = {name: z.to(device) for name, z in logits(target).items()}
    labelled = {name: a.to(device) for name, a in annotations(target).items()}
    expected = coupled(target).to(device)(given, labelled)
    with torch.autocast(device, torch.bfloat16):
        found = objective(given, labelled)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)
    torch.testing.assert_close(found.cpu(), coupled(target)(logits(target), annotations(target)))


@NEEDS_CUDA
@pytest.mark.filterwarnings("ignore:Synchronization debug mode:UserWarning")
def test_nothing_waits_for_the_gpu() -> None:
    objective = Objective([SHAPE, LABELS], [Coupling(relation(LABELS))], validate=False).cuda()
    # leaves, so that no gradient is copied back to where they came from
    given = {name: z.detach().cuda().requires_grad_() for name, z in logits(LABELS).items()}
    labelled = {name: a.cuda() for name, a in annotations(LABELS).items()}
    objective.expect(labelled)
    objective(given, labelled)
    torch.cuda.set_sync_debug_mode("error")
    try:
        objective(given, labelled).backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")


RUN = Path(__file__).parent / "programs"


NEEDS_COMPILER = pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler for inductor here")
PROGRAMS = [
    "compiled.py aot_eager cpu",
    pytest.param("compiled.py inductor cpu", marks=NEEDS_COMPILER),
    pytest.param("compiled.py inductor cuda", marks=NEEDS_CUDA),
    "distributed.py",
    "core_only.py",
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_program(program: str) -> None:
    """Runs in a process of its own, as users run it: shapes are not enforced there."""
    name, *arguments = program.split()
    command = [sys.executable, str(RUN / name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "as expected" in done.stdout


def test_gradient_accumulation_matches_the_whole_batch() -> None:
    labelled = annotations(LABELS)
    weight: dict[str, Tensor] = {name: z.detach() for name, z in logits(LABELS).items()}
    gradients = []
    for size in (12, 5):
        given = {name: z.clone().requires_grad_() for name, z in weight.items()}
        objective = coupled().eval()
        counts = objective.count(labelled)
        for start in range(0, 12, size):
            part = slice(start, start + size)
            cut = {name: z[part] for name, z in given.items()}
            objective(cut, {name: a[part] for name, a in labelled.items()}, counts=counts).backward()
        gradients.append([z.grad for z in given.values()])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


def test_three_tasks_with_two_relations() -> None:
    objective = Objective([SHAPE, LABELS, MATERIAL], [trusted(Coupling(relation(LABELS), relation(MATERIAL)))])
    given = logits(LABELS) | logits(MATERIAL)
    objective(given, annotations(LABELS) | annotations(MATERIAL)).backward()
    assert set(objective.evidence()) == {"shape->labels", "shape->material"}
    assert all(z.grad is not None and bool(z.grad.abs().sum() > 0) for z in given.values())


def test_four_tasks_in_a_chain_with_a_branch() -> None:
    """Shape says material and labels, material says its family: fine to coarse. Couplings add up, each as if alone."""
    family = MultiClass("family", ["plant", "mineral"])
    coarse = torch.tensor([[0.95, 0.05], [0.05, 0.95], [0.1, 0.9], [0.8, 0.2]])

    def couplings() -> list[Coupling]:
        chained = Coupling(Relation(MATERIAL, family, coarse))
        return [trusted(Coupling(relation(LABELS), relation(MATERIAL))), trusted(chained)]

    tasks = [SHAPE, LABELS, MATERIAL, family]
    given = logits(LABELS) | logits(MATERIAL) | {"family": torch.randn(12, 2).requires_grad_()}
    labelled = annotations(LABELS) | annotations(MATERIAL) | {"family": torch.arange(12) % 3 - 1}
    plain = Objective(tasks).eval()(given, labelled)
    first, second = (Objective(tasks, [one]).eval()(given, labelled) for one in couplings())
    whole = Objective(tasks, couplings())
    torch.testing.assert_close(whole.eval()(given, labelled), first + second - plain)
    whole.train()(given, labelled).backward()
    assert set(whole.evidence()) == {"shape->labels", "shape->material", "material->family"}
    assert all(z.grad is not None and bool(z.grad.abs().sum() > 0) for z in given.values())
