from pathlib import Path

import pytest
from page_reader import Page, read_page
from report_run import build

from finsim.report.page import write_report


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A miniature run with all worlds, two scenarios, scores of every verdict, and its page."""
    folder = build(tmp_path_factory.mktemp("report") / "run")
    write_report(folder)
    return folder


@pytest.fixture(scope="session")
def page(run: Path) -> Page:
    return read_page(run / "report.html")
