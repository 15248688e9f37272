"""One browser and two pages, for all tests of the report."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from conjoin.report import Contents, write_report
from tests.browser import chromium

from .pages import odd_contents


@pytest.fixture(scope="session")
def browser() -> Iterator[webdriver.Chrome]:
    with chromium() as driver:
        yield driver


@pytest.fixture(scope="session")
def digits_page(demo: "tuple[Path, subprocess.CompletedProcess[str]]") -> Path:
    """The demo's own report."""
    return demo[0] / "runs" / "demo" / "report.html"


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
