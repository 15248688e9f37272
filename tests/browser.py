"""Headless Chromium, as Debian ships it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

_QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")
_DRAWN = "return [...document.querySelectorAll('.plot')].every((plot) => plot.querySelector('svg, canvas'))"


@contextmanager
def chromium() -> Iterator[webdriver.Chrome]:
    """A browser that logs its console and its network; a failure, not a skip, where there is none."""
    found = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    if not all(found.values()):
        pytest.fail(
            "`chromium` and `chromedriver` should be on the path, since the report is tested in a real browser. "
            f"Found {found}. On Debian: apt-get install chromium chromium-driver, or `make test` as root."
        )
    options = webdriver.ChromeOptions()
    options.binary_location = str(found["chromium"])
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", *_QUIET):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(str(found["chromedriver"])))
    try:
        yield driver
    finally:
        driver.quit()


def show(driver: webdriver.Chrome, page: Path, *, dark: bool = False, size: tuple[int, int] = (1280, 800)) -> None:
    """Open a page and wait until its charts are drawn; logs begin with it."""
    for log in ("browser", "performance"):
        driver.get_log(log)  # type: ignore[no-untyped-call]
    wishes = {"prefers-color-scheme": "dark" if dark else "light", "prefers-reduced-motion": "reduce"}
    features = [{"name": name, "value": value} for name, value in wishes.items()]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": features})
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    driver.get(page.as_uri())
    WebDriverWait(driver, 60).until(lambda driver: driver.execute_script(_DRAWN))


def requested(driver: webdriver.Chrome) -> set[str]:
    """Addresses that were asked for since the page was opened; without data URIs, which are in the page."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]  # type: ignore[no-untyped-call]
    sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
    return {one["request"]["url"] for one in sent if not one["request"]["url"].startswith("data:")}


def figures(driver: webdriver.Chrome, caption: str) -> list[dict[str, Any]]:
    """Rows of a table that are shown, by column: what is written, or the number behind it."""
    found = driver.execute_script(
        """
        const table = [...document.querySelectorAll("table")].find((one) => one.caption.textContent === arguments[0]);
        const names = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
        return [...table.tBodies[0].rows].filter((row) => !row.hidden).map((row) => Object.fromEntries(
          [...row.cells].map((cell, place) => [
            names[place], "value" in cell.dataset ? Number(cell.dataset.value) : cell.textContent.trim()])));
        """,
        caption,
    )
    return list(found)
