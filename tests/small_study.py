"""One small study of all worlds, under four scenarios; what the pages and the clients read is a run of it."""

from __future__ import annotations

from typing import Any

from finsim.agents.settings import DEFAULT_NARRATIVES

STORIES = sorted(use.name for use in DEFAULT_NARRATIVES)
SCENARIOS = ["base", "dfast-severely-adverse-2026", "fraud-wave-mule-surge", "gfc-2008@0.5"]
"""Its scenarios, as the folders of a run call them, sorted."""

SMALL: dict[str, Any] = {
    "finsim": "study/1",
    "id": "small",
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
        "days": 30,
        "shard_accounts": 400,
        "narratives": [{"name": name, "count": 2} for name in STORIES],
    },
    "credit": {"data": "shipped:german_credit.csv.gz", "loans": 300, "months": 6, "draws": 5000},
    "scenarios": SCENARIOS,
    "evaluation": {"enabled": False},
}
