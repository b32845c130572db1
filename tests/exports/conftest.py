"""One small run with all worlds and a scenario, and its facts with a scorecard that a test may write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import finsim
from finsim.agents.settings import DEFAULT_NARRATIVES
from finsim.engine.run import run
from finsim.engine.study.study_file import Study
from finsim.exports.run_facts import Prices, RunFacts
from finsim.provenance.manifest import read_manifest

STUDY = {
    "finsim": "study/1",
    "id": "handed",
    "title": "A world | to hand over",
    "market": {
        "data": "shipped:wiki_aapl_ibm_2000_2013.csv.gz",
        "generator": {"name": "bootstrap"},
        "paths": 2,
        "sessions": 60,
        "shard_paths": 2,
    },
    "transactions": {
        "accounts": 300,
        "banks": 2,
        "days": 8,
        "shard_accounts": 300,
        "narratives": [{"name": "account_takeover", "count": 2}],
    },
    "credit": {"data": "shipped:german_credit.csv.gz", "loans": 200, "months": 6, "draws": 5000},
    "scenarios": ["base", {"name": "gfc-2008", "severity": 0.5}],
    "evaluation": {"enabled": False},
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished run; do not change it."""
    return run(Study.model_validate(STUDY), output=tmp_path_factory.mktemp("exports") / "run").path


@pytest.fixture(scope="session")
def facts(folder: Path) -> Callable[..., RunFacts]:
    """Return a function that gives the facts of the run, with scores and verdicts and prices of a test."""
    manifest = read_manifest(folder).to_dict()

    def made(
        scores: Any = (), verdicts: Any = None, prices: Prices | None = None, **changed: Any
    ) -> RunFacts:
        card = {"scores": list(scores), "verdicts": verdicts or {}}
        start = "2026-01-01T00:00:00+00:00"
        whole = {**manifest, **changed}
        return RunFacts(folder, whole, card, start, folder.parent / "out", prices or Prices())

    return made


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small simulated world with every standard story; do not change it."""
    output = tmp_path_factory.mktemp("world") / "world"
    schemes = dict.fromkeys(sorted(use.name for use in DEFAULT_NARRATIVES), 2)
    finsim.simulate(accounts=300, days=20, schemes=schemes, seed=3, output=output, progress=False)
    return output


@pytest.fixture(scope="session")
def truth(world: Path) -> pd.DataFrame:
    """Return every row of the world with its labels, read without any code of the exports."""
    features, labels = (pd.read_parquet(world / f"{name}.parquet") for name in ("transactions", "labels"))
    rows = features.merge(labels, on="tx_id")
    texts = {name: rows[name].astype(object) for name in ("channel", "status", "narrative", "category")}
    return rows.assign(**texts, illicit=rows["is_fraud"] | rows["is_laundering"])


@pytest.fixture(scope="session")
def handed_over(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that gives the folder of one export of the world; each is made once."""
    made: dict[str, Path] = {}

    def folder_of(name: str) -> Path:
        if name not in made:
            made[name] = tmp_path_factory.mktemp(name) / "out"
            finsim.export(world, name, output=made[name])
        return made[name]

    return folder_of
