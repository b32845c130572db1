"""A small run for the clients; those that are not installed are skipped with that reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from finsim.engine.run import run
from finsim.engine.study.study_file import Study

STUDY = {
    "finsim": "study/1",
    "id": "clients",
    "market": {
        "data": "shipped:wiki_aapl_ibm_2000_2013.csv.gz",
        "generator": {"name": "bootstrap"},
        "paths": 2,
        "sessions": 300,
        "shard_paths": 2,
    },
    "transactions": {
        "accounts": 400,
        "banks": 2,
        "days": 20,
        "shard_accounts": 400,
        "narratives": [{"name": "account_takeover", "count": 4}],
    },
    "credit": {"data": "shipped:german_credit.csv.gz", "loans": 300, "months": 6, "draws": 5000},
    "scenarios": ["base", {"name": "gfc-2008", "severity": 0.5}],
    "evaluation": {"enabled": False},
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(Study.model_validate(STUDY), output=tmp_path_factory.mktemp("clients") / "run").path
