"""Every loss against values worked out by hand, in float64.

The example: two classes with p_s = (3/4, 1/4), two labels with p_t = (1/2, 3/4), and the table
T = [[.9, .2], [.1, .6]], so that the implied label rates are q = (.7, .3).
"""

from collections.abc import Iterator
from math import exp, log
from typing import cast

import pytest
import torch
from torch import Tensor

from conjoin import Coupling, MultiClass, MultiLabel, Objective, Relation, kollias2024
from conjoin.base_rates import BaseRates
from conjoin.coupling import (
    AnnotatedMeans,
    ClassMeans,
    CorrectedTable,
    Kollias2024,
    distribution_matching,
    source_label,
    target_label,
)
from conjoin.tasks import Annotation

from .cases import trusted

S = MultiClass("s", ["0", "1"])
T = MultiLabel("t", ["0", "1"])
K = MultiClass("k", ["0", "1", "2"])
TABLE = [[0.9, 0.2], [0.1, 0.6]]
K_TABLE = [[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]  # implied by p_s: (.4, .25, .35)


@pytest.fixture(autouse=True)
def _float64() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def close(found: Tensor, expected: object) -> None:
    torch.testing.assert_close(found, torch.as_tensor(expected), rtol=1e-12, atol=1e-12)


def log_s() -> Tensor:
    return torch.tensor([[3 / 4, 1 / 4]]).log()


def log_t() -> Tensor:
    return torch.tensor([[[1 / 2, 1 / 2], [1 / 4, 3 / 4]]]).log()


def log_k() -> Tensor:
    return torch.tensor([[[1 / 2, 1 / 4, 1 / 4]]]).log()


LOGITS = {
    "s": [[log(3), 0.0]],
    "t": [[0.0, log(3)]],
    "k": [[log(2), 0.0, 0.0]],
}


def given(*names: str) -> dict[str, Tensor]:
    return {name: torch.tensor(LOGITS[name]) for name in names}


def test_implied_distribution() -> None:
    close(Relation(S, T, TABLE).implied(log_s()).exp(), [[[0.3, 0.7], [0.7, 0.3]]])
    close(Relation(S, K, K_TABLE).implied(log_s()).exp(), [[[0.4, 0.25, 0.35]]])


def test_posterior() -> None:
    relation = Relation(S, T, TABLE)
    soft, _ = T.annotation(torch.tensor([[1, 0]]))
    # 3/4 * .9 * .8 = .54 against 1/4 * .1 * .4 = .01
    close(relation.posterior(log_s(), soft).exp(), [[54 / 55, 1 / 55]])
    soft, _ = T.annotation(torch.tensor([[-1, 1]]))  # 3/4 * .2 = 1/4 * .6
    close(relation.posterior(log_s(), soft).exp(), [[0.5, 0.5]])
    soft, _ = K.annotation(torch.tensor([0]))  # 3/4 * .5 = .375 against 1/4 * .1 = .025
    close(Relation(S, K, K_TABLE).posterior(log_s(), soft).exp(), [[0.9375, 0.0625]])


def test_distribution_matching_labels() -> None:
    mean = torch.tensor([[[0.5, 0.5], [0.8, 0.2]]]).log()
    row = torch.tensor([[[0.4, 0.6], [0.5, 0.5]]]).log()
    to_source, to_target = distribution_matching(Relation(S, T, TABLE).implied(log_s()), row, mean, log_t())
    close(to_source, [[-(log(0.7) + log(0.3)) / 4, -(0.75 * log(0.3) + 0.25 * log(0.7)) / 2]])
    # the target is moved to odds 1 * (6/4) / 1 and 3 * 1 / (1/4) = 12
    close(to_target, [[log(2) / 2, -(12 * log(0.75) + log(0.25)) / 13 / 2]])


def test_distribution_matching_classes() -> None:
    mean = torch.tensor([[[0.2, 0.4, 0.4]]]).log()
    row = torch.tensor([[[0.2, 0.2, 0.6]]]).log()
    to_source, to_target = distribution_matching(Relation(S, K, K_TABLE).implied(log_s()), row, mean, log_k())
    close(to_source, [[-(0.5 * log(0.4) + 0.25 * log(0.25) + 0.25 * log(0.35)) / 2]])
    # (1/2 * .2/.2, 1/4 * .2/.4, 1/4 * .6/.4) = (1/2, 1/8, 3/8)
    close(to_target, [[-(log(0.5) + log(0.25)) / 2 / 2]])


def test_class_means() -> None:
    """One image of class 0, two without class; the third is annotated for the second label, which does not count."""
    coupling = Coupling(Relation(S, T, TABLE))
    objective, means = Objective([S, T], [coupling]), cast("ClassMeans", coupling.means[0])
    logits = {name: z.expand(3, -1) for name, z in given("s", "t").items()}
    labelled = {"s": torch.tensor([0, -1, -1]), "t": torch.tensor([[-1, -1], [-1, -1], [-1, 1]])}
    objective(logits, labelled)
    # weights of class 0: 1, 3/4 (3/4); of class 1: 0, 1/4 (1/4); present with 1/2 and 3/4
    close(means.total[..., 1], [[2.5 / 2, 1.75 * 3 / 4], [0.5 / 2, 0.25 * 3 / 4]])
    close(means.total.sum(-1), [[2.5, 1.75], [0.5, 0.25]])
    base = torch.tensor([[0.5, 0.5], [0.8, 0.2]]).log()
    close(means(base.exp()).exp()[0, :, 1], [(1.25 + 0.5) / 3.5, (1.75 * 0.75 + 0.2) / 2.75])
    rows = means.shrunk(coupling.related()[0].log_table.exp(), base.exp()).exp()
    close(rows[0, :, 1], [(2.5 * 0.9 + 0.5) / 3.5, (1.75 * 0.2 + 0.2) / 2.75])  # the same prior
    objective(logits, labelled)
    close(means.total.sum(-1), [[1.9 * 2.5, 1.9 * 1.75], [1.9 * 0.5, 1.9 * 0.25]])


def test_corrected_table() -> None:
    """An image of unknown class that has the first label, one of class 0 without the second; a row is worth two."""
    coupling = Coupling(Relation(S, T, TABLE, count=[[2.0, 2.0], [2.0, 2.0]]))
    corrected = cast("CorrectedTable", coupling.corrected[0])
    logits = {name: z.expand(2, -1) for name, z in given("s", "t").items()}
    labelled = {"s": torch.tensor([-1, 0]), "t": torch.tensor([[1, -1], [-1, 0]])}
    Objective([S, T], [coupling])(logits, labelled)
    # it came from class 0 with 3/4 * .9 = .675 of .7
    close(corrected.total[..., 1], [[27 / 28, 0.0], [1 / 28, 0.0]])
    close(corrected.total[..., 0], [[0.0, 1.0], [0.0, 0.0]])
    (relation, _), *_ = coupling.judged()
    present = [[(1.8 + 27 / 28) / (2 + 27 / 28), 0.4 / 3], [(0.2 + 1 / 28) / (2 + 1 / 28), 0.6]]
    close(corrected.rows(relation).exp()[..., 1], present)


def test_annotated_means() -> None:
    """An image of unknown class that has the first label; one whose class is annotated does not count."""
    relation = Relation(S, T, TABLE, count=[[2.0, 2.0], [2.0, 2.0]])
    coupling = Coupling(relation)
    means = cast("AnnotatedMeans", coupling.annotated[0])
    means.deviations = 0.25
    logits = {name: z.expand(2, -1) for name, z in given("s", "t").items()}
    labelled = {"s": torch.tensor([-1, 0]), "t": torch.tensor([[1, -1], [0, 0]])}
    Objective([S, T], [coupling])(logits, labelled)
    close(means.total[..., 1], [[3 / 4, 0.0], [1 / 4, 0.0]])
    base = torch.tensor([[0.5, 0.5], [0.8, 0.2]])
    # means of the first label: (.75 + .5) / 1.75 of class 0, (.25 + .5) / 1.25 of class 1; rows, with the prior as
    # well: (.75 * .9 + .5) / 1.75, (.25 * .1 + .5) / 1.25 = .42. That of class 0 is nearer to its row than a quarter of
    # a standard deviation, (5/7 * 2/7 * (1/2 + 1/1.75))^.5; that of class 1 is not
    assert 5 / 7 - 1.175 / 1.75 < 0.25 * (10 / 49 * (1 / 2 + 1 / 1.75)) ** 0.5
    sure, none, half = torch.tensor(1.0), torch.tensor(0.0), torch.tensor([1.0, 1 / 16])
    told = means.told(relation, base, torch.ones(2), none)
    close(told[0, 0], [0.0, 0.0])
    nearest = float(told[1, 0, 1].exp()) * 0.6  # a quarter of its standard deviation from the row
    close(torch.tensor(nearest - 0.42), 0.25 * (nearest * (1 - nearest) * (1 / 2 + 1 / 1.25)) ** 0.5)
    close(told[1, 0, 0], log((1 - nearest) / 0.4))
    close(means.told(relation, base, half, none), told * torch.tensor([1.0, 1 / 2])[:, None])  # its fourth root
    rows = half[:, None] * relation.log_table  # Bayes' rule, tempered by the evidence
    close(means.told(relation, base, half, sure), rows)
    close(means.told(relation, base, torch.ones(2), sure / 2), (told + relation.log_table) / 2)


def test_a_counted_row_has_the_error_of_its_count() -> None:
    """400 images annotate each label, 200 of each class by the 2,000 that are remembered; means are 1/2 everywhere."""
    counted = Relation(S, T, TABLE, count=[[40.0, 0.0], [1000.0, float("nan")]])
    close(counted.count, [[40.0, 1.0], [1000.0, 16.0]])
    means = AnnotatedMeans(counted)
    means.expect(torch.tensor([400, 400]))
    means.total[:] = 500.0
    told = means.told(counted, torch.full((2, 2), 0.5), torch.ones(2), torch.tensor(0.0))
    for row, images in ((0, 40), (1, 1000)):
        nearest = float(told[row, 0, 1].exp()) * 0.5
        error = (nearest * (1 - nearest) * (1 / images + 1 / 201)) ** 0.5
        with_prior = (1000 * TABLE[row][0] + 0.5) / 1001
        close(torch.tensor(abs(nearest - with_prior)), 2 * error)
    close(told[:, 1], torch.zeros(2, 2))  # .2 of one image, and .6 of 16, may be .5


def test_a_row_over_classes_has_the_largest_count_of_its_entries() -> None:
    nan = float("nan")
    close(Relation(S, K, K_TABLE, count=[[3.0, 5.0, nan], [nan, nan, nan]]).count, [[5.0], [16.0]])


def test_soft_co_annotation_labels() -> None:
    relation, base = Relation(S, T, TABLE), torch.tensor([[0.5, 0.5], [0.8, 0.2]]).log()
    soft, _ = T.annotation(torch.tensor([[1, 0]]))
    close(source_label(log_s(), relation.log_likelihood(soft)), [[54 / 55, 1 / 55]])
    # class 0: odds 1 * 9 = 9, and 3 * (.2/.8) / (.2/.8) = 3: its row equals the mean
    close(
        target_label(torch.tensor([[1.0, 0.0]]).log(), relation.log_table, log_t(), torch.stack([base, base.flip(0)])),
        [[[0.1, 0.9], [0.25, 0.75]]],
    )


def test_soft_co_annotation_classes() -> None:
    relation, base = Relation(S, K, K_TABLE), torch.full((1, 3), 1 / 3).log()
    # (1/2 * .1, 1/4 * .1, 1/4 * .8) = (.05, .025, .2)
    close(
        target_label(torch.tensor([[0.0, 1.0]]).log(), relation.log_table, log_k(), base.expand(2, -1, -1)),
        [[[0.05 / 0.275, 0.025 / 0.275, 0.2 / 0.275]]],
    )
    soft, _ = K.annotation(torch.tensor([2]))  # 3/4 * .2 = .15 against 1/4 * .8 = .2
    close(source_label(log_s(), relation.log_likelihood(soft)), [[3 / 7, 4 / 7]])


def test_the_loss_is_the_likelihood_of_all_annotations() -> None:
    objective = Objective([S, T])
    logits = {name: z.expand(3, -1) for name, z in given("s", "t").items()}
    labelled = {"s": torch.tensor([1, -1, -1]), "t": torch.tensor([[1, -1], [-1, -1], [0, 0]])}
    loss = objective(logits, labelled)
    close(objective.terms["s"], log(4))
    close(objective.terms["t"], (log(2) + log(2) + log(4)) / 2)  # the second image is not annotated
    close(loss, (log(4) + log(2) + log(2) + log(4)) / 3)


def test_what_annotated_images_settle() -> None:
    """Both are annotated for the first label, 1.5 of 3 present, one for the second, 1.5 of 2 present."""
    rates = BaseRates(T)
    close(rates.settled(), 1.0)
    rates.update(Annotation(*T.annotation(torch.tensor([[1, -1], [0, 1], [-1, -1]]))))
    second = -(0.75 * log(0.75) + 0.25 * log(0.25))
    close(rates.settled(), (log(2) + second / 2) / (log(2) + second))
    rates = BaseRates(MultiLabel("t", ["0", "never annotated"]))
    rates.update(Annotation(*T.annotation(torch.tensor([[1, -1], [0, -1]]))))
    close(rates.settled(), 1.0)


def test_coupling_terms_and_total() -> None:
    coupling = trusted(Coupling(Relation(S, T, TABLE)), 0.5)
    cast("ClassMeans", coupling.means[0]).total[:] = 0.5  # an image of each class, at the even base rates
    objective = Objective([S, T], [coupling]).eval()
    both = {name: z.expand(2, -1) for name, z in given("s", "t").items()}
    labelled = {"s": torch.tensor([0, -1]), "t": torch.tensor([[-1, -1], [1, 0]])}
    loss = objective(both, labelled)
    half = 0.5  # evidence
    # the row with the prior is (.7, .35), means are even: soft labels (.7, 21/34), from odds 7/3 and 3 * (.35/.65)
    coannotate_t = half * (log(2) - (21 / 34 * log(0.75) + 13 / 34 * log(0.25))) / 2
    # labels settle the class (backward evidence 1), so Bayes' rule holds: likelihoods tempered by evidence,
    # 3/4 sqrt(.9 * .8) against 1/4 sqrt(.1 * .4)
    odds = 3 * (0.72 / 0.04) ** half
    label = odds / (1 + odds)
    coannotate_s = label * log(label / 0.75) + (1 - label) * log((1 - label) / 0.25)  # evidence is in the label alone
    expected = {
        "s": -log(0.75),
        "t": log(2) + log(4),
        "match/t/s": 0.0,  # no image is annotated for neither
        "match/s/t": 0.0,
        "coannotate/t/s": coannotate_t,
        "coannotate/s": coannotate_s,
    }
    assert set(objective.terms) == set(expected)
    for name, value in expected.items():
        close(objective.terms[name], value)
    close(loss, sum(expected.values()) / 2)  # each term acts on one of the two images


def test_matching_on_images_without_annotation() -> None:
    coupling = trusted(Coupling(Relation(S, T, TABLE)), 1.0)
    cast("ClassMeans", coupling.means[0]).total[:] = 0.5  # an image of each class, at the even base rates
    objective = Objective([S, T], [coupling]).eval()
    objective(given("s", "t"), {})
    to_source = -(log(0.7) + log(0.3)) / 4 - (0.75 * log(0.3) + 0.25 * log(0.7)) / 2
    close(objective.terms["match/s/t"], to_source)
    # rows with the prior: (.7, .35) and (.3, .55), mixed (.6, .4); means are even: odds 1 * (3/2) and 3 * (2/3) = 2
    close(objective.terms["match/t/s"], log(2) / 2 - (2 / 3 * log(0.75) + 1 / 3 * log(0.25)) / 2)
    close(objective.terms["coannotate/s"], 0.0)


@pytest.mark.parametrize("reverse", [False, True])
def test_kollias2024(reverse: bool) -> None:
    objective = kollias2024([S, T], [Relation(S, T, TABLE)], reverse=reverse).eval()
    loss = objective(given("s", "t"), {"t": torch.tensor([[1, 0]])})
    first, second = exp(0.9 / 1.1), exp(0.1 / 0.7)  # indicators (.9 + 0) / 1.1 and (.1 + 0) / .7
    r = first / (first + second)
    if reverse:
        match = -(0.7 * log(0.5) + 0.3 * log(0.75)) / 2
        label = -(r * log(0.75) + (1 - r) * log(0.25))
    else:
        match = -(0.5 * log(0.7) + 0.75 * log(0.3)) / 2
        label = -(0.75 * log(r) + 0.25 * log(1 - r))
    close(objective.terms["match/t/s"], match)
    close(objective.terms["coannotate/s/t"], label)
    close(loss, match + label + (log(2) + log(4)) / 2)


def test_kollias2024_with_classes() -> None:
    coupling = Kollias2024(Relation(S, K, K_TABLE))
    objective = Objective([S, K], [coupling], scale="mean").eval()
    objective(given("s", "k"), {"k": torch.tensor([2])})
    close(objective.terms["match/k/s"], -(0.5 * log(0.4) + 0.25 * log(0.25) + 0.25 * log(0.35)))
    first, second = exp(0.2), exp(0.8)
    r = first / (first + second)
    close(objective.terms["coannotate/s/k"], -(0.75 * log(r) + 0.25 * log(1 - r)))


def test_evidence() -> None:
    """Two images annotated for the target, two for the source; base rates from the counts."""
    coupling = Coupling(Relation(S, T, TABLE))
    evidence = coupling.judged()[0][1]
    evidence.fewest = 1
    objective = Objective([S, T], [coupling])
    logits = {
        "s": torch.tensor([[log(3), 0.0]]).expand(4, 2),
        "t": torch.tensor([[log(9), -log(9)]]).expand(4, 2),
    }
    labels = torch.tensor([[1, 0], [1, 0], [-1, -1], [-1, -1]])
    objective(logits, {"s": torch.tensor([-1, -1, 0, 1]), "t": labels})
    # base rate of what was annotated, 2.5 / 3; implied .7; predicted .9, for either label
    forward = (log(0.7) - log(2.5 / 3)) / (log(0.9) - log(2.5 / 3))
    assert forward < 0  # the implied distribution is worse than base rates
    close(evidence.directions()[0], [0.0, 0.0])
    # p_t = (.9, .1): log-likelihoods .9 log .9 + .1 log .1 + .1 log .2 + .9 log .8 of class 0, ...
    zero = 0.9 * log(0.9) + 0.1 * log(0.1) + 0.1 * log(0.2) + 0.9 * log(0.8)
    one = 0.9 * log(0.1) + 0.1 * log(0.9) + 0.1 * log(0.6) + 0.9 * log(0.4)
    total = log(exp(zero) + exp(one))  # even prior
    posterior = -sum(log(0.95 * exp(one_class - total) + 0.05 / 2) for one_class in (zero, one))
    backward = 1 - posterior / (2 * log(2))
    close(evidence.directions()[1], max(backward, 0.0))


def test_evidence_of_a_good_relation() -> None:
    coupling = Coupling(Relation(S, T, [[0.95, 0.05], [0.05, 0.95]]))
    coupling.judged()[0][1].fewest = 1
    objective = Objective([S, T], [coupling])
    sure = log(19)  # 0.95
    logits = {
        "s": torch.tensor([[sure, 0.0], [0.0, sure]]).repeat(2, 1),
        "t": torch.tensor([[sure, -sure], [-sure, sure]]).repeat(2, 1),
    }
    labels = torch.tensor([[1, 0], [0, 1], [-1, -1], [-1, -1]])
    objective(logits, {"s": torch.tensor([-1, -1, 0, 1]), "t": labels})
    implied = 0.95 * 0.95 + 0.05 * 0.05
    forward = (log(implied) - log(0.5)) / (log(0.95) - log(0.5))
    odds = 19 ** (4 * 0.95 - 2)  # each of two labels: 19 to the power p - (1 - p)
    backward = 1 + log(0.95 / (1 + 1 / odds) + 0.05 / 2) / log(2)
    found = objective.evidence()["s->t"]
    close(found, [min(forward, backward)] * 2)


@pytest.mark.parametrize(("images", "error"), [(16, 1 / 4), (9, 1 / 3), (10**9, 1 / 4)])
def test_what_few_images_gain_counts_less(images: int, error: float) -> None:
    """16 images annotated for the source: half gain g, the others nothing: g/2 in the mean, with a deviation of g/2."""
    coupling = Coupling(Relation(S, T, [[0.95, 0.05], [0.05, 0.95]]))
    evidence = coupling.judged()[0][1]
    evidence.expect(torch.tensor(images))
    sure = log(19)
    logits = {"s": torch.zeros(16, 2), "t": torch.tensor([[sure, -sure], [0.0, 0.0]]).repeat(8, 1)}
    Objective([S, T], [coupling])(logits, {"s": torch.tensor([0, 1]).repeat(8)})
    gain = log(2) + log(0.95 / (1 + 1 / 19 ** (4 * 0.95 - 2)) + 0.05 / 2)  # one part in twenty are base rates
    close(evidence.directions()[1], gain / 2 * (1 - 2 * error) / log(2))


@pytest.mark.parametrize(("images", "enough"), [(1, False), (4, False), (5, True)])
def test_one_image_seen_often_is_no_evidence(images: int, enough: bool) -> None:
    """All gain the same: without a deviation there is nothing to doubt it by."""
    coupling = Coupling(Relation(S, T, [[0.95, 0.05], [0.05, 0.95]]))
    coupling.judged()[0][1].expect(torch.tensor(images))
    sure = log(19)
    logits = {"s": torch.zeros(30, 2), "t": torch.tensor([[sure, -sure], [-sure, sure]]).repeat(15, 1)}
    Objective([S, T], [coupling])(logits, {"s": torch.tensor([0, 1]).repeat(15)})
    assert (float(coupling.judged()[0][1].directions()[1]) > 0.1) == enough


def test_rounding_is_no_evidence() -> None:
    """A gain of a thousandth is one, of a millionth none."""
    evidence = Coupling(Relation(S, T, TABLE)).judged()[0][1]
    evidence.source_count.fill_(16)
    for gained, found in ((1e-3, 1e-3), (1e-6, 0.0)):
        evidence.source_sums.copy_(torch.tensor([1.0, 1 - gained, gained**2 / 16]))
        close(evidence.directions()[1], found)


def test_the_floor_leaves_room_for_many_classes() -> None:
    """100 classes, certain: each other class has 2 * .01 / 100, before the row is normalised again."""
    many = MultiClass("m", [str(c) for c in range(100)])
    table = Relation(S, many, torch.eye(100)[:2].tolist()).table
    close(table[0, 0], 1 / (1 + 99 * 0.0002))
    close(table[0, 1], 0.0002 / (1 + 99 * 0.0002))
