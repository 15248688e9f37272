"""Balanced gradients: each source's own, through its own graph, made one."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import Callback
from step_cost import MOST, balanced, operations, plain, usual
from torch import Tensor, nn
from torchjd.aggregation import SumWeighting, UPGradWeighting
from torchjd.scalarization import Sum

from conjoin import Coupling, Network, Objective, TrainingSettings, fit
from conjoin.data import AnnotatedImages, Batch, Problem
from conjoin.datasets import digits
from conjoin.study._training import Aggregation, Scalarization
from conjoin.training import Balance, _balances, known_balance, make_balance
from conjoin.training._aggregated import AGGREGATORS, Aggregated
from conjoin.training._projector import Projector
from conjoin.training._scalarized import SCALARIZERS, Scalarized

from .cases import LABELS, SHAPE, annotations, relation, trusted

ALL = [*get_args(Scalarization), *get_args(Aggregation)]
SIZES = [7, 5]


class Plain(nn.Sequential):
    """What it does to an image is that image's alone."""

    num_features = 32

    def __init__(self, channels: int = 1) -> None:
        super().__init__(nn.Conv2d(channels, 8, 3), nn.Tanh(), nn.AdaptiveAvgPool2d(2), nn.Flatten())


@pytest.fixture(scope="module")
def problem() -> Problem[AnnotatedImages]:
    return digits(50, 200, fold=0)


def step(balance: Balance, batch: Batch | None = None, seed: int = 0) -> tuple[dict[str, Tensor], Objective, Tensor]:
    """Gradients of one step, by parameter, and the objective and its loss after it."""
    torch.manual_seed(seed)
    network = Network([SHAPE, LABELS], Plain())
    objective = Objective([SHAPE, LABELS], [trusted(Coupling(relation(LABELS)))])
    batch = batch or Batch(torch.randn(12, 1, 8, 8), annotations(LABELS), torch.arange(12) % 4 == 0)
    logits = balance.logits(network, batch.images)
    loss: Tensor = objective(logits, batch.annotations, set_aside=batch.set_aside)
    balance.backward(balance.loss(loss, objective, logits, batch, True), network)
    return {name: p.grad for name, p in network.named_parameters() if p.grad is not None}, objective, loss.detach()


def close(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-6)


def test_every_name_is_there() -> None:
    assert {"sum", *SCALARIZERS} == set(get_args(Scalarization))
    assert set(AGGREGATORS) == set(get_args(Aggregation))


@pytest.mark.parametrize("balance", [Aggregated(lambda _: SumWeighting(), SIZES), Scalarized(Sum(), SIZES)])
def test_summed_sources_are_the_plain_step(balance: Balance) -> None:
    """Gradients, loss, terms, base rates and evidence."""
    (expected, before, loss), (found, after, value) = step(Balance()), step(balance)
    close(found, expected)
    close(after.state_dict(), before.state_dict())
    close(after.terms, before.terms)
    torch.testing.assert_close(value, loss)
    assert after.training


def conflicting(sizes: Sequence[int], agree: bool) -> Batch:
    """The images of two sources are the same, their annotations too or the opposite; no coupling acts."""
    torch.manual_seed(3)
    images = torch.randn(max(sizes), 1, 8, 8)
    codes = torch.zeros(sum(sizes), dtype=torch.long)
    codes[sizes[0] :] = 0 if agree else 1
    return Batch(torch.cat([images[:n] for n in sizes]), {"shape": codes}, torch.ones(sum(sizes), dtype=torch.bool))


def flat(gradients: dict[str, Tensor]) -> Tensor:
    return torch.cat([g.flatten() for name, g in gradients.items() if name.startswith("backbone")])


class Only(SumWeighting):
    """The gradient of one source."""

    def __init__(self, source: int) -> None:
        super().__init__()
        self.source = source

    def forward(self, matrix: Tensor, /) -> Tensor:
        return torch.eye(len(matrix), dtype=matrix.dtype)[self.source]


def test_conflicting_sources_both_gain_from_upgrad() -> None:
    """To first order; of the sum the smaller one loses."""
    sizes = [8, 3]
    batch = conflicting(sizes, agree=False)
    only: list[Callable[[int], Only]] = [lambda _: Only(0), lambda _: Only(1)]
    own = torch.stack([flat(step(Aggregated(make, sizes), batch)[0]) for make in only])
    assert (own @ flat(step(Balance(), batch)[0])).min() < -1e-4
    upgrad = flat(step(Aggregated(AGGREGATORS["upgrad"], sizes), batch)[0])
    assert (own @ upgrad).min() > -1e-6 * own.norm() * upgrad.norm()
    assert upgrad.norm() > 0


@pytest.mark.parametrize("name", ["upgrad", "pcgrad"])
def test_without_conflict_it_is_the_plain_step(name: str) -> None:
    batch = conflicting([8, 3], agree=True)
    close(step(Aggregated(AGGREGATORS[name], [8, 3]), batch)[0], step(Balance(), batch)[0])


@pytest.mark.parametrize("name", ["upgrad", "pcgrad", "mgda"])
def test_heads_are_summed(name: str) -> None:
    batch = conflicting([8, 3], agree=False)
    found, expected = (step(b, batch)[0] for b in (Aggregated(AGGREGATORS[name], [8, 3]), Balance()))
    close(
        {n: g for n, g in found.items() if n.startswith("heads")},
        {n: g for n, g in expected.items() if n.startswith("heads")},
    )


def test_weights_of_upgrad_by_hand() -> None:
    """Each gradient without its part against the other: half of 1 + 22/18 and of 1 + 22/38."""
    jacobian = torch.tensor([[-4.0, 1.0, 1.0], [6.0, 1.0, 1.0]])
    weights = UPGradWeighting(projector=Projector())(jacobian @ jacobian.T)
    torch.testing.assert_close(weights, torch.tensor([(1 + 22 / 18) / 2, (1 + 22 / 38) / 2]))


@pytest.mark.parametrize("sources", [2, 3, 8])
def test_no_gradient_objects_to_its_projection(sources: int) -> None:
    """Gradients of very different lengths, too, that are equal, opposite or nil."""
    generator = torch.Generator().manual_seed(sources)
    for trial in range(30):
        rows = torch.randn(sources, sources // 2 if trial % 2 else 40, generator=generator)
        rows = rows * torch.logspace(-3, 2, sources)[:, None]
        if trial % 3 == 0:
            rows[0] = rows[1] * (-1) ** trial
        if trial % 5 == 0:
            rows[-1] = 0
        weights = AGGREGATORS["upgrad"](sources)((rows @ rows.T).double())
        assert bool((weights >= 1 - 1e-9).all())
        made, rows = weights @ rows.double(), rows.double()
        lengths = rows.norm(dim=1)
        assert float((rows @ made / lengths.clamp(min=1e-12)).min()) > -1e-4 * float(weights @ lengths)


def test_gradients_that_are_not_finite_are_summed() -> None:
    """As the scaler of 16-bit gradients expects, which passes over such a step."""
    rows = (torch.tensor([1.0, torch.inf]), torch.tensor([-1.0, 0.0]))
    for name, make in AGGREGATORS.items():
        assert torch.equal(Aggregated(make, [1, 1])._weights([rows]), torch.ones(2, dtype=torch.float64)), name


def test_one_image_of_a_source_cannot_be_normalised() -> None:
    balance = Aggregated(AGGREGATORS["mgda"], [1, 8])
    network = Network([SHAPE, LABELS], "resnet10t", channels=1)
    with pytest.raises(ValueError, match=r"give each source two images or more, .* Found \[1, 8\]\. Make it larger"):
        balance.logits(network.train(), torch.randn(9, 1, 32, 32))
    network = Network([SHAPE, LABELS], "resnet10t", channels=1, freeze_norm=True)
    assert balance.logits(network.train(), torch.randn(9, 1, 32, 32))["shape"].shape == (9, 3)


@pytest.mark.parametrize("name", AGGREGATORS)
def test_a_source_that_teaches_nothing_has_no_say(name: str) -> None:
    """The shortest combination with a gradient of nought is nought: MGDA would train nothing."""
    rows = torch.tensor([[3.0, 0.0], [0.0, 0.0], [0.0, 4.0]])
    weights = Aggregated(AGGREGATORS[name], [1, 1, 1])._weights([tuple(rows)])
    without = Aggregated(AGGREGATORS[name], [1, 1])._weights([tuple(rows[[0, 2]])])
    torch.testing.assert_close(weights, torch.tensor([float(without[0]), 0, float(without[1])], dtype=torch.float64))
    assert float(without.min()) > 0
    assert not Aggregated(AGGREGATORS[name], [1, 1])._weights([(torch.zeros(2), torch.zeros(2))]).any()


@pytest.mark.parametrize("name", ALL)
def test_a_run_with_each(name: Any, problem: Problem[AnnotatedImages], monkeypatch: pytest.MonkeyPatch) -> None:
    images: list[int] = []
    forward = Network.forward

    def counting(self: Network, batch: Tensor) -> dict[str, Tensor]:
        images.append(len(batch))
        return forward(self, batch)

    monkeypatch.setattr(Network, "forward", counting)
    L.seed_everything(0, verbose=False)
    network, objective = Network(problem.tasks, Plain()), Objective(problem.tasks, [Coupling(*problem.relations)])
    before = {name: p.clone() for name, p in network.named_parameters()}
    fit(network, objective, problem.train, TrainingSettings(steps=2, batch_size=32, balance=name))
    assert images == ([12, 20] if name in AGGREGATORS else [32]) * 2
    assert all(bool(p.isfinite().all()) and not torch.equal(p, before[n]) for n, p in network.named_parameters())


def test_a_run_of_summed_gradients_is_the_plain_run(
    problem: Problem[AnnotatedImages], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(AGGREGATORS, "upgrad", lambda _: SumWeighting())
    states = []
    for name in ("sum", "upgrad"):
        L.seed_everything(0, verbose=False)
        network, objective = Network(problem.tasks, Plain()), Objective(problem.tasks, [Coupling(*problem.relations)])
        settings = TrainingSettings.model_validate({"steps": 6, "batch_size": 32, "balance": name})
        fit(network, objective, problem.train, settings)
        states.append(network.state_dict() | objective.state_dict())
    assert states[0].keys() == states[1].keys()
    for name, value in states[0].items():
        torch.testing.assert_close(states[1][name], value, rtol=1e-3, atol=1e-4)


def test_reduced_precision_and_an_unused_parameter(problem: Problem[AnnotatedImages]) -> None:
    """A parameter that nothing depends on is left alone, weight decay included."""
    backbone = Plain()
    backbone.unused = nn.Parameter(torch.ones(3))
    network = Network(problem.tasks, backbone)
    settings = TrainingSettings(steps=2, batch_size=32, balance="upgrad", precision="bf16-mixed")
    fit(network, Objective(problem.tasks), problem.train, settings)
    assert torch.equal(backbone.unused, torch.ones(3))
    assert all(bool(p.isfinite().all()) for p in network.parameters())


class Stop(Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_start(self, trainer: L.Trainer, *_: Any) -> None:
        if trainer.global_step == self.step:
            raise InterruptedError


@pytest.mark.parametrize("name", ["pcgrad", "uncertainty", "random"])
def test_a_run_goes_on_to_the_bit(name: Any, problem: Problem[AnnotatedImages], tmp_path: Path) -> None:
    """With what is drawn at random, and what is learnt beside the network."""
    settings = TrainingSettings(steps=6, batch_size=32, balance=name)

    def run(folder: Path, *callbacks: Callback) -> dict[str, Tensor]:
        L.seed_everything(0, verbose=False)
        network, objective = Network(problem.tasks, Plain()), Objective(problem.tasks)
        fit(
            network,
            objective,
            problem.train,
            settings,
            folder=folder,
            resume=True,
            checkpoint_every=2,
            loggers=[],
            callbacks=callbacks,
        )
        return network.state_dict()

    whole = run(tmp_path / "whole")
    with pytest.raises(InterruptedError):
        run(tmp_path / "stopped", Stop(5))
    resumed = run(tmp_path / "stopped")
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())


def test_one_source_is_trained_plainly() -> None:
    network = Network([SHAPE], Plain())
    for name in ALL:
        assert type(make_balance(name, network, [4], 1)) is Balance
    assert type(make_balance("sum", network, [4, 4], 2)) is Balance


def test_what_cannot_be_balanced(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network([SHAPE], Plain())
    with pytest.raises(
        ValueError, match=r"`balance` should be 'sum' where several .* together\. Found 'pcgrad' on 2\."
    ):
        make_balance("pcgrad", network, [4, 4], 2)
    frozen = Network([SHAPE], Plain(), freeze=True)
    assert isinstance(make_balance("random", frozen, [4, 4], 1), Scalarized)
    with pytest.raises(ValueError, match=r"to sum losses where the backbone is frozen\. Found 'upgrad'\."):
        make_balance("upgrad", frozen, [4, 4], 1)
    monkeypatch.setattr(_balances, "find_spec", lambda _: None)
    known_balance("sum")
    words = r"`balance: upgrad` should have TorchJD installed\. Found none: pip install 'conjoin\[balance\]'"
    with pytest.raises(ValueError, match=words):
        known_balance("upgrad")


@pytest.mark.parametrize("sources", [2, 8])
def test_it_costs_about_one_plain_step(sources: int) -> None:
    """Operations are counted, not timed. The usual way backpropagates through the whole batch for each source."""
    base, ours, theirs = (operations(way, "small", sources, batch_size=32, side=16) for way in (plain, balanced, usual))
    assert 1 <= ours / base <= MOST
    assert theirs / base > (1 + 2 * sources) / 3 - 0.1
