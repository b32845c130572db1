"""The laundering story that needs accounts and transfers alone: simulated, learned, and in a user's table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from made_ledgers import accounts

import finsim
from finsim.engine.injection.inject import Injected
from finsim.engine.run import run
from finsim.engine.study.study_file import study_of

STORY = "account_ring_layering"
SIDES = {"sender": "from", "receiver": "to", "from_account": "from", "to_account": "to"}


def shapes(rows: pd.DataFrame) -> set[str]:
    """Check every scheme that came off whole, and return the shapes that occur."""
    found = set()
    for _, scheme in rows.rename(columns=SIDES).groupby("instance"):
        by = {name: part for name, part in scheme.groupby("phase") if len(part)}
        if "round" in by:
            ring = by["round"]
            start = ring["from"].value_counts().index
            assert set(by) == {"round"}
            assert set(ring["to"]) - set(ring["from"]) in (set(), {ring.iloc[-1]["to"]})
            assert len(start) == len(ring)
            if set(ring["to"]) == set(ring["from"]):
                found.add("ring")
        elif "collect" in by:
            (hub,) = set(by["collect"]["to"])
            later = by.get("scatter", by.get("spread"))
            if later is None:
                continue
            assert hub in set(later["from"])
            if "scatter" in by:
                back = later[later["from"] != hub]
                assert set(back["from"]) <= set(later[later["from"] == hub]["to"])
                assert back["to"].nunique() <= 1
                found.add("second collector")
            else:
                assert set(later["from"]) == {hub}
                assert not set(later["to"]) & set(by["collect"]["from"])
                found.add("many ends")
    return found


def test_in_the_simulated_world() -> None:
    world = finsim.simulate(accounts=600, days=60, schemes={STORY: 30}, seed=2, progress=False)
    rows = world.to_pandas()
    rows = rows[(rows["narrative"] == STORY) & (rows["status"] == "posted")]
    assert rows["is_laundering"].all()
    assert not rows["is_fraud"].any()
    rows = rows[rows["phase"] != "spend"]
    assert (rows["merchant_id"] < 0).all()
    assert shapes(rows) == {"ring", "second collector", "many ends"}


@pytest.fixture(scope="module")
def injected(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Injected]:
    made = finsim.inject(
        accounts(), narratives=STORY, rate=0.05, seed=1, output=tmp_path_factory.mktemp("in") / "out",
        progress=False,
    )  # fmt: skip
    rows = pq.read_table(made.transactions).to_pandas()
    return rows[rows["instance"] >= 0], made


def test_in_a_table_of_accounts_alone(injected: tuple[pd.DataFrame, Injected]) -> None:
    added, made = injected
    assert shapes(added) == {"ring", "second collector", "many ends"}
    told = pq.read_table(made.patterns).to_pandas()
    assert set(told["typology"]) == {"cycle", "scatter_gather", "gather_scatter"}
    assert told["is_laundering"].all()
    left_out = [one for one in made.remarks if "left out" in one]
    assert left_out == [f"{STORY}: left out: phase 'spend': merchants"]
    assert max(one.column_auc for one in made.separations) <= 0.75


def test_a_ring_passes_on_nearly_all_of_it(injected: tuple[pd.DataFrame, Injected]) -> None:
    ring = injected[0][injected[0]["phase"] == "round"].copy()
    ring["amount"] = ring["amount"].astype(float)
    paid = ring.merge(ring, left_on=["instance", "receiver"], right_on=["instance", "sender"])
    paid = paid[paid["ts_y"] >= paid["ts_x"]]
    share = paid["amount_y"] / paid["amount_x"]
    assert share.median() == pytest.approx(0.95, abs=0.04)
    assert share.max() < 1.03  # amounts are moved to such as the ledger knows


def test_in_a_learned_ledger(tmp_path: Path) -> None:
    accounts(4_000).rename(columns={"sender": "from_account", "receiver": "to_account"}).to_csv(
        tmp_path / "ledger.csv", index=False
    )
    part = {
        "data": "ledger.csv", "body": "habits", "entities": 200, "days": 40,
        "narratives": [{"name": STORY, "count": 12}],
    }  # fmt: skip
    study = {"id": "ring", "seed": 3, "transactions": part, "scenarios": ["base"]}
    done = run(study_of({**study, "evaluation": {"enabled": False}}, tmp_path), output=tmp_path / "run")
    rows = done.transactions.to_pandas()
    mine = rows[(rows["narrative"] == STORY) & (rows["status"] == "posted")]
    assert mine["instance"].nunique() >= 10
    assert len(shapes(mine)) >= 2
