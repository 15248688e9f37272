"""Figures and pictures of the report are those of the runs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from selenium import webdriver
from selenium.webdriver.common.by import By
from sklearn.metrics import f1_score

from conjoin.evaluation import Run, Score, judge
from conjoin.report import Contents, write_report
from tests.browser import figures, show

from .pages import HOSTILE, TASK, TEXTS, found

pytestmark = pytest.mark.xdist_group("browser")  # one browser, one demo


def test_figures_are_those_of_the_runs(browser: webdriver.Chrome, odd_page: Path, odd: Contents) -> None:
    show(browser, odd_page)
    kind, marks = odd.problem.tasks
    relation = odd.problem.relations[0]
    codes, labels = (odd.problem.test.annotation(task.name).numpy() for task in (kind, marks))

    rows = figures(browser, f"F1 by output of {kind.name}")
    assert [row[kind.name] for row in rows] == list(kind.outputs)
    for arm in ("single", "coupled"):
        read = [run.logits[kind.name].argmax(-1).numpy() for run in odd.of(arm)]
        truth = [
            f1_score(codes[codes >= 0], one[codes >= 0], labels=range(40), average=None, zero_division=0)
            for one in read
        ]
        assert [row[arm] for row in rows] == pytest.approx(np.mean(truth, 0).tolist(), abs=1e-6)
    rows = figures(browser, "F1 by output of marks")
    limit, known = [0.3, 0.6], labels[:, :2] >= 0
    for at, row in enumerate(rows[:2]):
        said = [(run.logits["marks"][:, at].sigmoid() >= limit[at]).long().numpy() for run in odd.of("coupled")]
        truth = [f1_score(labels[known[:, at], at], one[known[:, at]]) for one in said]
        assert row["coupled"] == pytest.approx(np.mean(truth), abs=1e-6)
        assert row["test images"] == (labels[:, at] == 1).sum()
    assert (rows[2]["single"], rows[2]["change"]) == ("", "")  # no test image has it

    rows = figures(browser, "Difference to single, interval over test images")
    assert [row["difference"] for row in rows] == [row.difference.mean for row in odd.rows if row.difference]

    rates = figures(browser, f"Label rates, {relation.name}")
    source = torch.stack([run.logits[kind.name].softmax(-1) for run in odd.of("single")]).mean((0, 1))
    target = torch.stack([run.logits["marks"].sigmoid() for run in odd.of("single")]).mean((0, 1))
    first = [row for row in rates if row["arm"] == "single"]
    assert [row["implied"] for row in first] == pytest.approx((source @ relation.table).tolist(), abs=1e-5)
    assert [row["predicted"] for row in first] == pytest.approx(target.tolist(), abs=1e-5)
    assert first[0]["annotated"] == pytest.approx((labels[:, 0] == 1).sum() / known[:, 0].sum())


def test_pictures_show_the_largest_change_and_the_worst_conflict(
    browser: webdriver.Chrome, odd_page: Path, odd: Contents
) -> None:
    show(browser, odd_page)
    kind, marks = odd.problem.tasks
    codes, labels = (odd.problem.test.annotation(task.name) for task in (kind, marks))
    chance = {arm: torch.stack([run.logits[kind.name].softmax(-1) for run in odd.of(arm)]).mean(0) for arm in odd.arms}
    right = {arm: p[torch.arange(120), codes.clamp(min=0)] for arm, p in chance.items()}
    change = ((right["coupled"] - right["single"]).abs() * (codes >= 0)).numpy()
    row = int(change.argmax())
    first = browser.find_element(By.CSS_SELECTOR, "#changes .gallery li").text
    assert first.startswith(f"test image {row}\n")
    assert f"probability {right['single'][row]:.2f} → {right['coupled'][row]:.2f}" in first
    implied = chance["coupled"] @ odd.problem.relations[0].table
    fits = torch.where(labels == 1, implied, 1 - implied).where(labels >= 0, 1.0)
    assert browser.find_element(By.CSS_SELECTOR, "#conflicts .gallery li").text.startswith(
        f"test image {int(fits.min(1).values.argmin())}\n"
    )
    sizes = found(browser, "[...document.querySelectorAll('.gallery img')].map((image) => image.naturalHeight)")
    assert set(sizes) == {60}


def test_single_training_alone_makes_a_page_too(browser: webdriver.Chrome, odd: Contents, tmp_path: Path) -> None:
    runs = [Run("single", seed, [Score("marks", "macro-F1", 0.5)], logits=odd.runs[0].logits) for seed in (0, 1)]
    page = tmp_path / "report.html"
    write_report(page, Contents("alone", "", judge(runs), runs, 0.01, odd.problem))
    show(browser, page)
    assert "nothing to compare" in browser.find_element(By.ID, "verdict").text
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_what_a_relation_says_stands_beside_what_images_say(
    browser: webdriver.Chrome, odd_page: Path, odd: Contents
) -> None:
    """The table in use, that of the test images annotated for both, and that of predictions, each worked out here."""
    show(browser, odd_page)
    kind, marks = odd.problem.tasks
    codes, labels = (odd.problem.test.annotation(task.name) for task in (kind, marks))
    counted = [
        [float((labels[here, at] == 1).sum() / n) if (n := (labels[here, at] >= 0).sum()) else None for at in range(3)]
        for here in (codes == code for code in range(40))
    ]
    source, target = (
        torch.stack([run.logits[name].softmax(-1) if name == TASK else run.logits[name].sigmoid() for run in runs])
        for runs in [odd.of("coupled")]
        for name in (TASK, "marks")
    )
    predicted = (source.mean(0).T @ target.mean(0)) / source.mean(0).sum(0)[:, None]
    titles = found(browser, TEXTS.format("#relations .chart h3"))
    assert [title.rpartition(": ")[2] for title in titles] == [
        f"counted from {HOSTILE}",
        "corrected in training",
        "test images annotated for both",
        "predictions of coupled",
    ]
    used = odd.problem.relations[0].table.numpy()
    rows = np.argsort(-np.abs(used - used.mean(0)).max(1))[:30].tolist()  # those that are shown
    for number, table in enumerate((used.tolist(), (0.5 + 0.1 * used).tolist(), counted, predicted.tolist())):
        cells = found(
            browser,
            "[...document.querySelectorAll('#relations svg')]"
            f"[{number}].querySelectorAll('.mark-text.role-mark text').values()"
            ".map((element) => element.textContent).toArray()",
        )
        wanted = [value for row in sorted(rows) for value in table[row] if value is not None]
        assert [float(cell) for cell in cells] == pytest.approx(
            wanted, abs=0.0051
        )  # cells are rounded from four digits
