"""The report as a person sees it: in a browser."""

import json
from pathlib import Path

import numpy as np
import pytest
from axe_core_python.selenium import Axe
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from conjoin.report import Contents
from tests.browser import figures, requested, show

from .pages import ARMS, HOSTILE, SCRIPT, SECTIONS, TASK, TEXTS, found

pytestmark = pytest.mark.xdist_group("browser")  # one browser, one demo


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
        assert text.startswith(("helps", "harm ruled out", "negative transfer", "not enough data"))
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
