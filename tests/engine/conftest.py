"""A small world, run once a session, for tests that read a finished run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from plain_page import plain_pages, whole_pages

from finsim.engine.finished_run import Run
from finsim.engine.run import run
from finsim.engine.study.study_file import Study

TINY = {
    "finsim": "study/1",
    "id": "tiny",
    "seed": 7,
    "market": {
        "data": "shipped:wiki_aapl_ibm_2000_2013.csv.gz",
        "generator": {"name": "bootstrap"},
        "paths": 6,
        "sessions": 900,
        "shard_paths": 3,
    },
    "transactions": {
        "accounts": 1200,
        "banks": 3,
        "days": 40,
        "shard_accounts": 600,
        "narratives": [
            {"name": "card_testing_escalation", "count": 6},
            {"name": "account_takeover", "count": 4},
            {"name": "app_scam_mule_chain", "count": 4},
            {"name": "scatter_gather_structuring", "count": 2},
            {"name": "payroll_fan_out", "count": 2},
            {"name": "marketplace_gather_scatter", "count": 2},
        ],
    },
    "credit": {
        "data": "shipped:german_credit.csv.gz",
        "loans": 900,
        "months": 12,
        "shard_loans": 500,
        "draws": 5000,
    },
    "scenarios": ["base", "dfast-severely-adverse-2026", "fraud-wave-mule-surge"],
    "evaluation": {"enabled": False},
}


@pytest.fixture(scope="session")
def tiny() -> Study:
    return Study.model_validate(TINY)


@pytest.fixture(scope="session")
def finished(tiny: Study, tmp_path_factory: pytest.TempPathFactory) -> Run:
    with plain_pages():
        return run(tiny, output=tmp_path_factory.mktemp("runs") / "a")


@pytest.fixture(autouse=True, scope="module")
def plain() -> Iterator[None]:
    """Let runs of this room have a page of one line; a test that reads the page asks for ``whole_pages``."""
    with plain_pages():
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def whole_page() -> Iterator[None]:
    """Let the runs of one test draw their page."""
    with whole_pages():
        yield
