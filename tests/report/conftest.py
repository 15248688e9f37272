"""One browser and two pages, for all tests of the report."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from selenium import webdriver

from conjoin.demo import DemoStudy, demo
from conjoin.report import Contents, write_report
from conjoin.study import TrainingSettings
from tests.browser import chromium

from .pages import odd_contents


@pytest.fixture(scope="session")
def browser() -> Iterator[webdriver.Chrome]:
    with chromium() as driver:
        yield driver


@pytest.fixture(scope="session")
def digits_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's own report, after a few steps."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    study = DemoStudy(seeds=(0, 1), training=TrainingSettings(steps=20))
    demo(study, folder, Console(quiet=True))
    return folder / "report.html"


@pytest.fixture(scope="session")
def odd_page(tmp_path_factory: pytest.TempPathFactory, odd: Contents) -> Path:
    path = tmp_path_factory.mktemp("odd") / "report.html"
    write_report(path, odd)
    return path


@pytest.fixture(params=["digits_page", "odd_page"])
def page(request: pytest.FixtureRequest) -> Path:
    return Path(request.getfixturevalue(request.param))


@pytest.fixture(scope="session")
def odd() -> Contents:
    return odd_contents()
