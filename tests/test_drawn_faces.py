"""Drawn faces: known labels at the rates of the table, units that move their own part, all else independent."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import stats

from conjoin.data import AnnotatedImages, Problem
from conjoin.datasets import (
    ACTION_UNITS,
    EXPRESSIONS,
    DrawnFaces,
    draw_units,
    drawn_faces,
    drawn_faces_problem,
    unit_rates,
)
from conjoin.datasets._drawn_faces import WEAKEST
from conjoin.datasets._face_drawing import NUISANCES, SIZE, draw

UNLIKELY = 1e-7
"""Two-sided chance of missing a bound, small beside the thousand bounds that are tested."""


@pytest.fixture(scope="module")
def faces() -> DrawnFaces:
    return drawn_faces(3000, seed=1)


@pytest.fixture(scope="module")
def problem() -> Problem[AnnotatedImages]:
    return drawn_faces_problem(20, 300, seed=0)


def test_the_same_bytes_in_another_process() -> None:
    program = (
        "import hashlib; from conjoin.datasets import drawn_faces;"
        "print(hashlib.sha256(drawn_faces(20, 3).images.numpy().tobytes()).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(drawn_faces(20, 3).images.numpy().tobytes()).hexdigest()


def test_seeds_differ_and_fewer_faces_are_the_first_of_more() -> None:
    many, few = drawn_faces(255, 3), drawn_faces(252, 3)  # more than are drawn at once
    for ours, theirs in zip(many[:4], few[:4], strict=True):
        assert torch.equal(ours[:252], theirs)
    assert torch.equal(many.nuisances["yaw"][:252], few.nuisances["yaw"])
    other = drawn_faces(20, 4)
    assert not torch.equal(other.expression, few.expression[:20])
    assert not any(torch.equal(a, b) for a, b in zip(other.images, few.images, strict=False))


def test_shapes_and_what_is_known(faces: DrawnFaces) -> None:
    assert faces.images.shape == (3000, 3, 48, 48)
    assert faces.images.dtype == torch.uint8
    assert set(faces.units.unique().tolist()) == {0, 1}
    assert torch.equal(faces.intensity > 0, faces.units == 1)
    assert WEAKEST <= faces.intensity[faces.units == 1].min() <= WEAKEST + 0.01
    assert 0.99 <= faces.intensity.max() <= 1


def test_rates_are_those_of_the_publication_and_two_assumptions() -> None:
    rates, column = unit_rates(), ACTION_UNITS.index
    rows = dict(zip(EXPRESSIONS, rates, strict=True))
    assert rates.shape == (7, 17)
    assert rows["happiness"][[column(12), column(25), column(6), column(1)]].tolist() == pytest.approx(
        [0.85, 0.85, 0.51, 0.03]
    )
    assert rows["sadness"][column(17)].item() == pytest.approx(0.67)
    assert rows["anger"][column(23)].item() == pytest.approx(0.29)
    assert torch.equal(rows["neutral"], torch.full((17,), 0.03))
    listed = {"happiness": 3, "sadness": 6, "fear": 7, "anger": 6, "surprise": 5, "disgust": 5, "neutral": 0}
    assert {name: int((row > 0.03).sum()) for name, row in rows.items()} == listed


def test_labels_come_at_the_rates_of_the_table(faces: DrawnFaces) -> None:
    for code, row in enumerate(unit_rates().double().tolist()):
        rows = faces.expression == code
        n = int(rows.sum())
        low, high = stats.binom.interval(1 - UNLIKELY, 3000, 1 / 7)
        assert low <= n <= high
        for present, rate in zip(faces.units[rows].sum(0).tolist(), row, strict=True):
            low, high = stats.binom.interval(1 - UNLIKELY, n, rate)
            assert low <= present <= high


def test_units_are_independent_given_the_expression(faces: DrawnFaces) -> None:
    """Every pair within every expression, by the exact law of joint counts: 952 bounds."""
    first, second = np.triu_indices(len(ACTION_UNITS), 1)
    for code in range(len(EXPRESSIONS)):
        units = faces.units[faces.expression == code].numpy()
        present, both = units.sum(0), (units.T @ units)[first, second]
        law = stats.hypergeom(len(units), present[first], present[second])
        assert min(law.cdf(both).min(), law.sf(both - 1).min()) > UNLIKELY / 2, EXPRESSIONS[code]


def test_nuisances_are_uniform_and_independent_of_all_labels(faces: DrawnFaces) -> None:
    kinds = torch.nn.functional.one_hot(faces.expression, 7)
    labels = torch.cat([faces.units, kinds, faces.intensity], 1).double().numpy()
    limit = stats.norm.isf(UNLIKELY / 2) / 3000**0.5  # 0.097
    for name, (low, high) in NUISANCES.items():
        values = faces.nuisances[name].double().numpy()
        assert stats.kstest(values, "uniform", (low, high - low)).pvalue > UNLIKELY, name
        found = [abs(np.corrcoef(values, label)[0, 1]) for label in labels.T]
        assert max(found) < limit, name


REGIONS = {  # first and last row and column of the 48x48 picture, by hand from where the parts are drawn
    (1, 2, 4): (4, 17, 11, 36),  # forehead, brows and the space between them
    (5, 6, 7): (12, 24, 9, 38),  # eyes, their outer corners and the tops of the cheeks
    (9,): (17, 26, 18, 29),  # nose
    (10, 11, 12, 15, 17, 20, 23, 24, 25): (24, 40, 10, 37),  # from the base of the nose to the chin
    (26,): (24, 44, 8, 39),  # the whole jaw
}


@pytest.mark.parametrize(("units", "region"), REGIONS.items())
def test_a_unit_changes_its_own_region_only(units: tuple[int, ...], region: tuple[int, int, int, int]) -> None:
    top, bottom, left, right = region
    for unit in units:
        alone = torch.zeros(3, len(ACTION_UNITS))
        alone[1, ACTION_UNITS.index(unit)], alone[2, ACTION_UNITS.index(unit)] = 0.5, 1
        rest, half, full = draw_units(alone).int()
        change = (full - rest).abs().amax(0)
        assert (change > 40).sum() >= 10, unit  # to be seen
        y, x = change.nonzero().T
        assert (top <= y.min(), y.max() <= bottom, left <= x.min(), x.max() <= right) == (True,) * 4, unit
        assert (half - rest).abs().sum() < (full - rest).abs().sum(), unit  # graded


def test_no_two_units_look_alike() -> None:
    alone = draw_units(torch.eye(len(ACTION_UNITS))).float()
    apart = (alone[:, None] - alone[None]).abs().mean((2, 3, 4)) + 255 * torch.eye(len(ACTION_UNITS))
    assert apart.min() > 0.5


def test_units_move_parts_the_way_they_are_named() -> None:
    def darkest_row(unit: int | None, rows: slice, columns: slice) -> float:
        """Centre of the dark pixels in part of a picture."""
        intensity = torch.zeros(1, len(ACTION_UNITS))
        if unit is not None:
            intensity[0, ACTION_UNITS.index(unit)] = 1
        picture = draw_units(intensity)[0].float().mean(0)
        dark = (picture.max() - picture)[rows, columns] ** 2
        return float((dark.sum(1) * torch.arange(len(dark))).sum() / dark.sum())

    brow, corner = (slice(10, 17), slice(15, 22)), (slice(24, 38), slice(15, 19))
    assert darkest_row(4, *brow) > darkest_row(None, *brow)  # lowered
    assert darkest_row(12, *corner) < darkest_row(15, *corner)  # corners up, corners down
    chin = draw_units(torch.eye(len(ACTION_UNITS))[[ACTION_UNITS.index(26), 0]]).float().mean(1)[:, :, 24]
    assert (chin[0] - chin[1]).abs()[42:].max() > 20  # the jaw reaches lower


@pytest.mark.parametrize("name", NUISANCES)
def test_every_nuisance_is_seen(name: str) -> None:
    middle = {key: np.full((2, 1), (low + high) / 2) for key, (low, high) in NUISANCES.items()}
    face = middle | {f"AU{unit}": np.zeros((2, 1)) for unit in ACTION_UNITS}
    face |= {"hair_grey": np.full((2, 1), 0.8), "glasses": np.zeros((2, 1))}
    if name.startswith("patch_"):
        face["patch"] = np.zeros((2, 1))
    face |= {name: np.array(NUISANCES[name])[:, None].astype(float)}
    noise = np.random.default_rng(0).standard_normal((1, SIZE, SIZE, 3), dtype=np.float32)
    one, other = draw(face, np.repeat(noise, 2, axis=0)).astype(int)
    assert (abs(one - other).max(-1) > 3).sum() >= 8


def test_no_image_of_a_problem_has_both_annotations(problem: Problem[AnnotatedImages]) -> None:
    annotations = problem.train.annotations
    expression, units = annotations["expression"] >= 0, annotations["units"] >= 0
    assert (int(expression.sum()), int(units.all(-1).sum())) == (20, 300)
    assert bool((expression ^ units.all(-1)).all())
    assert torch.equal(units.all(-1), units.any(-1))
    assert torch.equal(problem.train.source == 0, expression)


def test_a_problem_holds_drawn_faces(problem: Problem[AnnotatedImages]) -> None:
    faces = drawn_faces(320, seed=0)
    assert torch.equal(problem.train.images, faces.images / 255)
    assert torch.equal(problem.train.annotations["expression"][:20], faces.expression[:20])
    assert torch.equal(problem.train.annotations["units"][20:], faces.units[20:])
    assert problem.everything is not None
    assert torch.equal(problem.everything.images, problem.train.images)
    assert torch.equal(problem.everything.annotations["expression"], faces.expression)
    assert torch.equal(problem.everything.annotations["units"], faces.units)
    expression, units = problem.tasks
    assert expression.outputs == EXPRESSIONS
    assert units.outputs[:3] == ("AU1", "AU2", "AU4")
    assert torch.allclose(problem.relations[0].table, unit_rates())
    assert "Du, Tao & Martinez 2014" in problem.relations[0].origin
    assert "assumed" in problem.relations[0].origin
    assert "synthetic" in problem.relations[0].origin


def test_the_test_part_never_changes_and_is_apart(problem: Problem[AnnotatedImages]) -> None:
    test = problem.test
    assert len(test) == 2000
    assert (test.annotations["expression"] >= 0).all()
    assert (test.annotations["units"] >= 0).all()
    assert not test.set_aside.any()
    other = drawn_faces_problem(5, 7, seed=9)
    assert torch.equal(test.images, other.test.images)
    assert not torch.equal(problem.train.images[:12], other.train.images)
    held = {image.numpy().tobytes() for image in test.images}
    assert len(held) == 2000
    assert not held & {image.numpy().tobytes() for image in problem.train.images}


def test_a_fifth_of_each_source_but_at_most_fifty_is_set_aside(problem: Problem[AnnotatedImages]) -> None:
    aside = problem.train.set_aside
    assert [int(aside[problem.train.source == source].sum()) for source in (0, 1)] == [4, 50]


def test_folds_come_from_the_annotated_images(problem: Problem[AnnotatedImages]) -> None:
    def pictures(images: torch.Tensor) -> list[bytes]:
        return sorted(image.numpy().tobytes() for image in images)

    held = []
    for fold in range(5):
        part = drawn_faces_problem(20, 300, seed=0, fold=fold)
        assert (len(part.train), len(part.test)) == (256, 64)
        assert not set(pictures(part.test.images)) & set(pictures(part.train.images))
        held += pictures(part.test.images)
    assert sorted(held) == pictures(problem.train.images)


def test_a_sheet_says_that_it_is_synthetic(tmp_path: Path) -> None:
    program = Path(__file__).parents[1] / "examples" / "draw_faces.py"
    subprocess.run([sys.executable, program, tmp_path / "sheet.png"], check=True, capture_output=True)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert "ynthetic" in sheet.info["Description"]
        title = np.asarray(sheet.convert("L"))[:20]
    assert (title < 128).sum() > 100  # written into the picture too


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"`n` should be at least 1\. Found 0\."):
        drawn_faces(0, 0)
    with pytest.raises(ValueError, match=r"`seed` should be 0 or more\. Found -1\."):
        drawn_faces(1, -1)
    with pytest.raises(ValueError, match=r"should each be at least 5\. Found 4 and 10\."):
        drawn_faces_problem(4, 10)
    with pytest.raises(ValueError, match=r"`fold` should be None or 0 to 4\. Found 5\."):
        drawn_faces_problem(5, 5, fold=5)
    with pytest.raises(ValueError, match=r"`intensity` should lie within \[0, 1\]\. Found 0 to 1\.5\."):
        draw_units(torch.tensor([[1.5] + [0.0] * 16]))
    for shape in ((17,), (2, 16), (0, 17), (1, 1, 17)):
        found = re.escape(f"`intensity` should have shape (faces, 17), with at least one face. Found {shape}.")
        with pytest.raises(ValueError, match=found):
            draw_units(torch.zeros(shape))
