"""The report as a person sees it: in a browser."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from axe_core_python.selenium import Axe
from rich.console import Console
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from sklearn.metrics import f1_score

from conjoin.data import AnnotatedImages, Problem
from conjoin.demo import DemoStudy, demo
from conjoin.evaluation import Run, Score, details, judge, score
from conjoin.inspection import Inspection, Remark
from conjoin.relations import Relation
from conjoin.report import Contents, write_report
from conjoin.study import Recipe, TrainingSettings
from conjoin.tasks import MultiClass, MultiLabel
from conjoin.training import Look

from .browser import chromium, figures, requested, show

pytestmark = pytest.mark.xdist_group("browser")  # one browser, one training

HOSTILE = '<b>&"'
"""A name that would break a page into which it is put as it is."""
TASK = '<i &"'
"""Another; names of tasks hold no ">"."""
SCRIPT = "</pre></script><script>window.hit = 1</script>"
ARMS = "Arms by task: mean, and difference to single with its interval"
TEXTS = "[...document.querySelectorAll('{}')].map((element) => element.textContent)"
SECTIONS = [
    "arms",
    "closer",
    "losses",
    "evidence",
    "relations",
    "rates",
    "confusion",
    "outputs",
    "changes",
    "conflicts",
    "reproduction",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    with chromium() as driver:
        yield driver


@pytest.fixture(scope="module")
def digits_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's own report, after a few steps."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    study = DemoStudy(seeds=(0, 1), training=TrainingSettings(steps=20))
    demo(study, folder, Console(quiet=True))
    return folder / "report.html"


@pytest.fixture(scope="module")
def odd() -> Contents:
    """Names that are markup, 40 classes, images with few annotations, validation scores, a data check."""
    torch.manual_seed(0)
    kind = MultiClass(TASK, [HOSTILE, *(f"class {number}" for number in range(39))])
    marks = MultiLabel("marks", [HOSTILE, "soft", "never"])
    codes, labels = torch.arange(120) % 40, torch.randint(-1, 2, (120, 3))
    labels[:, 2] = 0
    codes[:20] = -1
    table = torch.rand(40, 3) * 0.9 + 0.05
    images = AnnotatedImages(
        torch.rand(120, 3, 60, 50), {TASK: codes, "marks": labels}, torch.zeros(120).long(), torch.zeros(120).bool()
    )
    problem = Problem((kind, marks), (Relation(kind, marks, table, origin=f"counted from {HOSTILE}"),), images, images)
    runs = []
    for arm, gain in {"single": 0.5, "coupled": 6.0}.items():
        for seed in range(3):
            logits = {TASK: torch.randn(120, 40), "marks": torch.randn(120, 3)}
            logits[TASK][torch.arange(120), codes.clamp(min=0)] += gain
            scores = [
                one for task in problem.tasks for one in score(task, logits[task.name], images.annotation(task.name))
            ]
            run = Run(arm, seed, scores, 1.0, logits=logits, thresholds={"marks": [0.3, 0.6, 0.5]})
            run.looks = [[Look(step, {TASK: step / 100 + gain / 10, "marks": 0.5}) for step in (10, 20)]]
            run.losses = {TASK: [2.0, 1.5, math.nan], "marks": [1.0] * (90 - 10 * seed) + [0.25 * seed]}
            if arm == "coupled":
                run.losses[f"match/marks/{TASK}"] = [0.0, 0.1, 0.2 + gain]
                run.evidence = {problem.relations[0].name: torch.rand(500 - 100 * seed, 3).tolist()}
            runs.append(run)
    splits = {"train": 90, "validation": 10, "test": 120}
    inspection = Inspection(
        HOSTILE,
        images={HOSTILE: splits},
        annotated={TASK: splits, "marks": splits},
        hidden={TASK: splits, "marks": dict.fromkeys(splits, 0)},
        balance={"marks": {HOSTILE: splits}},
        faults={"unknown label": {"rows": 2, "first": [{"source": "a", "file": SCRIPT, "row": 3, "what": "no"}]}},
        duplicates={"test_images": 1, "first": [SCRIPT]},
        remarks=[Remark("caution", SCRIPT)],
    )
    rows = judge(runs, margin=0.02)
    more = details(runs, problem, Recipe())
    versions = {"conjoin": "0", "torch": "1"}
    return Contents(HOSTILE, f"name: {SCRIPT}", rows, runs, 0.02, problem, more, inspection, versions)


@pytest.fixture(scope="module")
def odd_page(tmp_path_factory: pytest.TempPathFactory, odd: Contents) -> Path:
    path = tmp_path_factory.mktemp("odd") / "report.html"
    write_report(path, odd)
    return path


@pytest.fixture(params=["digits_page", "odd_page"])
def page(request: pytest.FixtureRequest) -> Path:
    return Path(request.getfixturevalue(request.param))


def found(driver: webdriver.Chrome, script: str) -> Any:
    return driver.execute_script(f"return {script}")


def test_it_opens_offline_without_an_error(browser: webdriver.Chrome, page: Path) -> None:
    show(browser, page)
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
    assert requested(browser) == {page.as_uri()}
    assert found(browser, "performance.getEntriesByType('resource').filter((e) => !e.name.startsWith('data:'))") == []
    assert page.stat().st_size < 5e6


def test_the_verdict_is_read_without_scrolling(browser: webdriver.Chrome, digits_page: Path) -> None:
    show(browser, digits_page, size=(1280, 800))
    verdict = browser.find_element(By.ID, "verdict")
    assert verdict.is_displayed()
    assert verdict.rect["y"] + verdict.rect["height"] < 800
    said = [item.text.replace("\n", " ") for item in verdict.find_elements(By.TAG_NAME, "li")]
    for text, arm in zip(said, ("joint", "kollias2024", "coupled"), strict=True):
        assert arm in text
        assert text.startswith(("helps", "no harm shown", "negative transfer", "not enough data"))
        assert any(task in text for task in ("digit", "strokes/segments", "strokes/measured"))


def test_every_chart_is_drawn(browser: webdriver.Chrome, page: Path) -> None:
    show(browser, page)
    marks = found(
        browser,
        """[...document.querySelectorAll(".plot")].map((plot) => [plot.dataset.alt,
        plot.querySelectorAll("svg [class*='role-mark'] path, svg [class*='role-mark'] line").length,
        plot.querySelector("svg").getBoundingClientRect().width,
        plot.getAttribute("aria-label") ?? plot.querySelector("[aria-label]").getAttribute("aria-label")])""",
    )
    assert len(marks) >= 9
    for alt, number, width, label in marks:
        assert label == alt
        assert alt.endswith(".")
        assert number > 0, alt
        assert width > 100, alt


def test_charts_of_many_classes_fit_and_share_their_scale(browser: webdriver.Chrome, odd_page: Path) -> None:
    """A matrix of 30 classes scrolls nowhere on a wide screen; single and coupled have the colours of 0 to 1."""
    show(browser, odd_page, size=(1280, 800))
    boxes = "[...document.querySelectorAll('#confusion .scroll')].map((box) => box.scrollWidth - box.clientWidth)"
    assert found(browser, boxes) == [0, 0, 0]
    specs = [json.loads(text) for text in found(browser, TEXTS.format("#confusion script"))]
    assert [spec["encoding"]["color"]["scale"]["domain"] for spec in specs[:2]] == [[0, 1], [0, 1]]


def test_evidence_in_the_end_is_beside_each_name(browser: webdriver.Chrome, odd_page: Path, odd: Contents) -> None:
    show(browser, odd_page)
    last = np.mean([run.evidence[odd.problem.relations[0].name][-1] for run in odd.of("coupled")], 0)
    for name, value in zip(odd.problem.tasks[1].outputs, last, strict=True):
        assert f"{name} {value:.2f}" in found(browser, TEXTS.format("#evidence svg text"))


def test_losses_are_shown_for_each_arm_that_has_them(browser: webdriver.Chrome, odd_page: Path) -> None:
    """What is not a number is left out."""
    show(browser, odd_page)
    told = found(browser, "[...document.querySelectorAll('#losses .plot')].map((plot) => plot.dataset.alt)")
    assert told == [
        f"{name}, training loss by optimizer step. At the end: {values}."
        for name, values in (
            (TASK, "single 1.500, coupled 1.500"),
            ("marks", "single 0.250, coupled 0.250"),  # seeds that ended early stay as they were
            (f"match/marks/{TASK}", "coupled 6.200"),
        )
    ]


def test_sections_are_in_order_and_linked(browser: webdriver.Chrome, digits_page: Path, odd_page: Path) -> None:
    sections = "[...document.querySelectorAll('main section')].map((section) => section.id)"
    links = "[...document.querySelectorAll('nav a')].map((link) => link.hash.slice(1))"
    show(browser, digits_page)
    assert found(browser, sections) == ["verdict", *SECTIONS]
    assert found(browser, links) == SECTIONS
    show(browser, odd_page)
    assert found(browser, sections) == ["verdict", "arms", "closer", "curves", *SECTIONS[2:-1], "check", "reproduction"]


def test_a_table_is_sorted_with_mouse_and_keyboard(browser: webdriver.Chrome, digits_page: Path) -> None:
    show(browser, digits_page)
    heading = browser.find_element(By.XPATH, "//section[@id='arms']//th[normalize-space()='mean']")
    button = heading.find_element(By.TAG_NAME, "button")
    button.click()
    means = [row["mean"] for row in figures(browser, ARMS)]
    assert len(means) == 12
    assert means == sorted(means)
    assert heading.get_attribute("aria-sort") == "ascending"
    button.send_keys(Keys.ENTER)
    assert [row["mean"] for row in figures(browser, ARMS)] == sorted(means, reverse=True)
    assert heading.get_attribute("aria-sort") == "descending"
    other = browser.find_element(By.XPATH, "//section[@id='arms']//th[normalize-space()='difference']")
    other.find_element(By.TAG_NAME, "button").click()
    values = [row["difference"] for row in figures(browser, ARMS)]
    assert values == [*sorted(value for value in values if value != ""), "", "", ""]  # single has no difference
    assert heading.get_attribute("aria-sort") is None


def test_a_table_is_filtered(browser: webdriver.Chrome, digits_page: Path) -> None:
    show(browser, digits_page)
    field = browser.find_element(By.ID, "arms-4-filter")
    field.send_keys("Coupled strokes")
    assert [(row["arm"], row["task"]) for row in figures(browser, ARMS)] == [
        ("coupled", "strokes/segments"),
        ("coupled", "strokes/measured"),
    ]
    assert browser.find_element(By.CSS_SELECTOR, "#arms [role=status]").text == "2 of 12 rows"
    field.clear()
    field.send_keys(" ")
    assert len(figures(browser, ARMS)) == 12


@pytest.mark.parametrize(
    ("page", "width", "dark"),
    [
        ("digits_page", 1280, False),
        ("digits_page", 1280, True),
        ("digits_page", 400, False),
        ("odd_page", 1280, False),
        ("odd_page", 400, True),
    ],
    indirect=["page"],
)
def test_nothing_keeps_people_out(browser: webdriver.Chrome, page: Path, width: int, dark: bool) -> None:
    show(browser, page, dark=dark, size=(width, 800))
    browser.execute_script("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    paper = found(browser, "getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") is not dark
    assert found(browser, "document.documentElement.scrollWidth <= innerWidth")
    result = Axe().run(browser)
    assert len(result["passes"]) > 20
    serious = [
        (one["id"], one["impact"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in result["violations"]
        if one["impact"] in {"serious", "critical"}
    ]
    assert serious == []


def test_print_is_light_and_unfolded(browser: webdriver.Chrome, digits_page: Path) -> None:
    show(browser, digits_page, dark=True)
    scheme = {"name": "prefers-color-scheme", "value": "dark"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": [scheme]})
    assert found(browser, "getComputedStyle(document.body).color") == "rgb(27, 30, 35)"
    assert not browser.find_element(By.TAG_NAME, "nav").is_displayed()
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert found(browser, "document.querySelectorAll('details:not([open])').length") == 0
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    assert found(browser, "document.querySelectorAll('details[open]').length") == 0


def test_names_are_text_wherever_they_stand(browser: webdriver.Chrome, odd_page: Path) -> None:
    show(browser, odd_page)
    assert found(browser, "window.hit") is None
    assert found(browser, "document.querySelectorAll('b').length") == 0
    assert browser.find_element(By.TAG_NAME, "h1").text == HOSTILE
    assert browser.title.startswith(HOSTILE)
    assert f"name: {SCRIPT}" in browser.find_element(By.CSS_SELECTOR, "#reproduction pre").text
    assert SCRIPT in browser.find_element(By.CSS_SELECTOR, "#check table").text
    assert HOSTILE in found(browser, TEXTS.format("#rates svg text"))
    assert TASK in browser.find_element(By.CSS_SELECTOR, "#changes figcaption").text


def test_of_many_classes_the_most_changed_are_shown(browser: webdriver.Chrome, odd_page: Path, odd: Contents) -> None:
    show(browser, odd_page)
    assert "30 of 40 classes are shown" in browser.find_element(By.ID, "confusion").text
    assert "the chart shows 30 of 40" in browser.find_element(By.ID, "outputs").text
    assert "30 of 40 classes" in browser.find_element(By.ID, "relations").text
    table = odd.problem.relations[0].table.numpy()
    away = np.abs(table - table.mean(0)).max(1)
    shown = set(found(browser, TEXTS.format("#relations svg text"))) & set(odd.problem.tasks[0].outputs)
    assert shown - {HOSTILE} == {odd.problem.tasks[0].outputs[row] for row in np.argsort(-away)[:30]} - {HOSTILE}


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
        "test images annotated for both",
        "predictions of coupled",
    ]
    used = odd.problem.relations[0].table.numpy()
    rows = np.argsort(-np.abs(used - used.mean(0)).max(1))[:30].tolist()  # those that are shown
    for number, table in enumerate((used.tolist(), counted, predicted.tolist())):
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
