"""Where added rows stand, and who is drawn for them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from made_ledgers import ACCOUNTS_ONLY, accounts, cards

import finsim
from finsim.agents.narratives.narrative import load_narratives
from finsim.engine.injection.scheme_planning import GOLDEN, _arrival
from finsim.notation import NANOS_PER_DAY
from finsim.randomness import Streams
from finsim.tables import Field, Schema

CARD = "card_testing_escalation"
FIELDS = {
    "when": Field("ts", null=True, role="date"),
    "card": Field("id", null=True, role="from_account"),
    "shop": Field("id", null=True, role="merchant"),
    "amount": Field("float", null=True, role="amount"),
}


def put(
    frame: pd.DataFrame, folder: Path, fields: dict[str, Field] | None = None, **more: Any
) -> pd.DataFrame:
    made = finsim.inject(
        frame, narratives=CARD, output=folder / "out", progress=False,
        schema=Schema(fields or FIELDS, kind="payments"), **{"rate": 0.05, **more},
    )  # fmt: skip
    return pq.read_table(made.transactions).to_pandas()


def test_an_added_row_stands_behind_all_real_rows_of_its_time(tmp_path: Path) -> None:
    frame = cards().assign(when=lambda one: one["when"].dt.floor("h"))
    rows = put(frame, tmp_path)
    added, time = (rows["instance"] >= 0).to_numpy(), rows["when"].to_numpy()
    assert (added[:-1] & ~added[1:] & (time[:-1] == time[1:])).sum() == 0
    assert (added & np.append(False, time[1:] == time[:-1])).sum() > 20


def test_rows_of_days_stand_anywhere_within_their_day(tmp_path: Path) -> None:
    frame = cards().assign(when=lambda one: one["when"].dt.floor("D"))
    rows = put(frame, tmp_path)
    place = rows.groupby("when").cumcount() / rows.groupby("when")["card"].transform("size")
    assert place[rows["instance"] >= 0].mean() == pytest.approx(0.5, abs=0.1)
    last = ~rows.duplicated("when", keep="last")
    assert (last & (rows["instance"] >= 0)).any()  # behind all of them too
    assert (rows["when"] == rows["when"].dt.floor("D")).all()


def test_entities_are_drawn_by_what_they_do(tmp_path: Path) -> None:
    frame = cards()
    busy = frame["card"].isin(range(5_000, 5_020))
    frame = pd.concat([frame[busy], frame[~busy].iloc[::8]]).sort_values("when", ignore_index=True)
    usual = frame["card"].isin(range(5_000, 5_020)).mean()
    rows = put(frame, tmp_path, rate=0.5)
    added = rows[rows["instance"] >= 0]
    assert usual > 0.5
    assert added["card"].isin(range(5_000, 5_020)).mean() == pytest.approx(usual, abs=0.12)


def test_rows_with_empty_cells_stay_where_they_are(tmp_path: Path) -> None:
    frame = cards()
    rng = np.random.default_rng(2)
    frame["card"] = frame["card"].astype("Int64")
    for name in ("when", "card", "shop", "amount"):
        frame.loc[rng.random(len(frame)) < 0.02, name] = None
    rows = put(frame, tmp_path)
    kept = rows[rows["instance"] < 0].reset_index(drop=True)
    for name in frame:
        assert kept[name].isna().equals(frame[name].isna()), name
        assert (kept[name].dropna().to_numpy() == frame[name].dropna().to_numpy()).all(), name
    added = rows[rows["instance"] >= 0]
    assert not added[["when", "card", "shop", "amount"]].isna().any().any()


@pytest.mark.parametrize("form", ["text", "unit", "zone"])
def test_times_are_written_as_the_table_writes_them(form: str, tmp_path: Path) -> None:
    frame, fields = cards(), dict(FIELDS)
    if form == "text":
        frame["when"] = frame["when"].dt.strftime("%d.%m.%Y %H:%M")
        fields["when"] = Field("ts", format="%d.%m.%Y %H:%M", role="date")
    elif form == "unit":
        frame["when"] = frame["when"].to_numpy().astype("datetime64[s]").astype(np.int64)
        fields["when"] = Field("ts", unit="s", role="date")
    else:
        fields["when"] = Field("ts", zone="America/New_York", role="date")
        frame["when"] = frame["when"] + pd.Timedelta(hours=3)
    rows = put(frame, tmp_path, fields)
    real, added = rows[rows["instance"] < 0], rows[rows["instance"] >= 0]
    assert (real["when"].to_numpy() == frame["when"].to_numpy()).all()
    if form == "text":
        assert added["when"].str.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d").all()
    else:
        when = [pd.to_datetime(one["when"], unit="s" if form == "unit" else None) for one in (real, added)]
        quiet = [((one.dt.hour >= 3) & (one.dt.hour < 5)).mean() for one in when]
        assert quiet[1] < quiet[0] + 0.1
        assert when[1].between(when[0].min(), when[0].max() + pd.Timedelta(days=1)).all()


def test_amounts_of_whole_minor_units_stay_whole(tmp_path: Path) -> None:
    frame = cards().assign(amount=lambda one: (one["amount"] * 100).round().astype(np.int64))
    rows = put(frame, tmp_path, {**FIELDS, "amount": Field("money", ccy="EUR", unit="minor", role="amount")})
    assert rows["amount"].dtype == np.int64
    added = rows.loc[rows["instance"] >= 0, "amount"]
    assert 0.3 < added.median() / frame["amount"].median() < 3
    assert added.min() > 0


def test_a_simulated_world_takes_card_stories_and_transfers(tmp_path: Path) -> None:
    world = finsim.simulate(accounts=400, days=40, schemes={}, seed=1, progress=False).rows
    names = [
        "tx_id",
        "ts",
        "from_account",
        "to_account",
        "amount",
        "currency",
        "channel",
        "merchant_id",
        "category",
    ]
    (tmp_path / "mule_ring.yaml").write_text(ACCOUNTS_ONLY)
    made = finsim.inject(
        world.select(names), narratives=[CARD, tmp_path / "mule_ring.yaml"], rate=0.01, seed=1,
        output=tmp_path / "out", progress=False,
    )  # fmt: skip
    rows = pq.read_table(made.transactions).to_pandas()
    added = rows[rows["instance"] >= 0]
    bought = added[added["narrative"] == CARD]
    assert (bought["merchant_id"] > 0).all()
    assert bought["channel"].astype(str).str.startswith("card").all()
    sold = rows[(rows["merchant_id"] > 0) & (rows["instance"] < 0)]
    home = sold.groupby("merchant_id")["to_account"].agg(lambda one: one.mode().iloc[0])
    assert (bought["to_account"] == bought["merchant_id"].map(home)).all()
    assert (added.loc[added["narrative"] == "mule_ring", "merchant_id"] == -1).all()


def test_ids_with_gaps_are_filled_and_texts_keep_their_form(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    (tmp_path / "mule_ring.yaml").write_text(ACCOUNTS_ONLY)
    whole = rng.choice(10**9, 6_000, replace=False)
    for name, ids in (("whole", whole), ("text", [f"TX-{one:010d}" for one in whole])):
        frame = accounts().assign(tx_id=ids)
        made = finsim.inject(
            frame, narratives=tmp_path / "mule_ring.yaml", output=tmp_path / name, progress=False
        )
        rows = pq.read_table(made.transactions).to_pandas()
        assert rows["tx_id"].is_unique
        added = rows.loc[rows["instance"] >= 0, "tx_id"]
        if name == "whole":
            assert added.between(whole.min(), whole.max()).all()
        else:
            assert added.str.fullmatch(r"TX-\d{10}").all()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_schemes_start_evenly_over_the_activity_of_the_ledger(seed: int) -> None:
    """No two of twelve starts are within a thirtieth of the rows, and busy days have as many more."""
    running = np.cumsum(np.where(np.arange(100) < 50, 9.0, 1.0))
    people = SimpleNamespace(settings=SimpleNamespace(start_ns=0))
    story = load_narratives(["card_testing_escalation"])[0]
    offset = float(np.random.default_rng(seed).random())
    days = np.array([
        _arrival(story, k, (offset + k * GOLDEN) % 1.0, running, people, Streams(seed).under("s", k)).start
        // NANOS_PER_DAY
        for k in range(12)
    ])  # fmt: skip
    place = np.sort(running[days] / running[-1])
    assert np.diff(place).min() > 1 / 30
    assert 9 <= (days < 50).sum() <= 12
    last = _arrival(story, 0, 1.0 - 1e-17, running, people, Streams(seed))
    assert last.start // NANOS_PER_DAY == 99


def test_schemes_of_a_table_lie_evenly_among_its_rows(tmp_path: Path) -> None:
    rows = put(cards(12_000), tmp_path, rate=0.03)
    real = np.sort(rows.loc[rows["instance"] < 0, "when"].to_numpy())
    added = rows[rows["instance"] >= 0].groupby("instance")["when"].min().to_numpy()
    place = np.sort(np.searchsorted(real, added) / len(real))
    assert len(place) > 40
    assert np.abs(place - (np.arange(len(place)) + 0.5) / len(place)).max() < 0.06
