"""A run of three worlds under two scenarios, which every client reads."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import finsim
from finsim.engine.finished_run import Run
from finsim.records.paths import Paths

STUDY = {
    "finsim": "study/1",
    "id": "clients",
    "market": {
        "data": "shipped:wiki_aapl_ibm_2000_2013.csv.gz",
        "generator": {"name": "bootstrap"},
        "paths": 3,
        "sessions": 260,
    },
    "transactions": {
        "accounts": 400,
        "days": 30,
        "narratives": [{"name": "app_scam_mule_chain", "count": 4}, {"name": "payroll_fan_out", "count": 2}],
    },
    "credit": {"data": "shipped:german_credit.csv.gz", "loans": 300, "months": 6, "draws": 5000},
    "scenarios": ["base", {"name": "gfc-2008", "severity": 0.5}],
    "evaluation": {"enabled": False},
}


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return finsim.run(finsim.study(STUDY), output=tmp_path_factory.mktemp("clients") / "run", progress=False)


@pytest.fixture(scope="session")
def past_paths() -> Paths:
    """Paths on sessions of 2012, which calendars of backtesters know."""
    body = finsim.fit(finsim.example_data("wiki_aapl_ibm_2000_2013"), "bootstrap", progress=False)
    return finsim.sample(body, 2, 120, start="2012-01-03", progress=False)


@pytest.fixture
def folder(run: Run) -> Path:
    return run.path


@pytest.fixture
def lenient() -> Iterator[None]:
    """Warnings of other people's packages are theirs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
