"""A small real run, made once a session: market and credit parts, two scenarios, judged, with its page."""

from pathlib import Path

import finsim


def build(folder: Path) -> Path:
    """Run a small study and return its folder."""
    study = finsim.study(
        market={
            "data": "shipped:wiki_aapl_ibm_2000_2013.csv.gz",
            "generator": {"name": "bootstrap"},
            "paths": 4,
            "sessions": 100,
            "shard_paths": 2,
        },
        credit={"data": "german_credit", "loans": 200, "months": 12, "draws": 5000},
        scenarios=["base", "covid-2020"],
        evaluation={"bootstrap": 50, "judge_refits": 0},
    )
    return finsim.run(study, output=folder, progress=False).path
