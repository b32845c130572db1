"""What comes back after a default: its value, who cures, how long it takes, and that it follows the panel."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from macro_paths import SEVERE, macro_drivers

from finsim.credit.months.recoveries import CURES, HALF_LIVES, LONGEST, recoveries
from finsim.credit.panel import panel
from finsim.credit.schedule import annuity
from finsim.randomness import Streams

STREAMS = Streams(3)
DRIVERS = macro_drivers(SEVERE, months=24)


def made(loans, settings, drivers=DRIVERS):
    """The defaults of shard 0 and what came back of them, with months since default."""
    months = pa.Table.from_batches([panel(loans, drivers, STREAMS, settings, 0)])
    rows = recoveries(loans, months, drivers, STREAMS, settings, 0).to_pandas()
    rows = rows.merge(
        loans.select(["loan_id", "rate", "term_months", "months_on_book"]).to_pandas(), on="loan_id"
    )
    rows["after"] = 12 * (rows["month"].dt.year - rows["defaulted"].dt.year)
    rows["after"] += rows["month"].dt.month - rows["defaulted"].dt.month
    panel_rows = months.to_pandas()
    return panel_rows[panel_rows["status"] == "default"].set_index("loan_id"), rows


@pytest.fixture(scope="module")
def found(table, settings):
    return made(table.slice(0, 1_000), settings)


def test_the_value_of_what_comes_back_is_what_was_not_lost(found):
    gone, rows = found
    assert len(gone) > 60
    value = (rows["amount"] * (1 + rows["rate"] / 12) ** -rows["after"]).groupby(rows["loan_id"]).sum()
    assert (value.reindex(gone.index).fillna(0.0) - (gone["balance"] - gone["loss"])).abs().max() < 1.0
    assert (rows["amount"] > 0).all()
    assert (rows["after"] >= 1).all()
    assert set(rows["loan_id"]) <= set(gone.index)
    assert (rows["defaulted"] == gone["month"].reindex(rows["loan_id"]).to_numpy()).all()


def test_who_loses_little_is_on_probation_and_then_cured(found):
    gone, rows = found
    cures = gone.index[gone["loss"] <= CURES * gone["balance"]]
    assert 3 < len(cures) < 0.3 * len(gone)
    assert set(rows.loc[rows["state"] != "workout", "loan_id"]) == set(cures)
    for loan in cures:
        own = rows[rows["loan_id"] == loan]
        first = own.iloc[0]
        left = first["term_months"] - first["months_on_book"]
        left -= (
            list(DRIVERS.clock.month_dates().astype("datetime64[ns]")).index(
                first["defaulted"].to_datetime64()
            )
            + 1
        )
        assert own["after"].tolist() == list(range(1, max(left, 1) + 1))
        assert own["state"].tolist() == (["probation"] * 3 + ["cured"] * 600)[: len(own)]
        due = annuity((gone["balance"] - gone["loss"])[loan], first["rate"], max(left, 1))
        assert own["amount"].to_numpy() == pytest.approx(float(due), abs=1.0)


def test_a_workout_halves_every_half_life_and_ends(found):
    _, rows = found
    work = rows[rows["state"] == "workout"]
    assert work["after"].max() == LONGEST
    big = work[work.groupby("loan_id")["amount"].transform("min") > 200]
    lives = []
    for _, own in big.groupby("loan_id"):
        slope = np.polyfit(own["after"], np.log2(own["amount"]), 1)[0]
        lives.append(-1.0 / slope)
    assert len(lives) > 20
    assert HALF_LIVES[0] * 0.99 < min(lives)
    assert max(lives) < HALF_LIVES[1] * 1.01
    assert np.mean(lives) == pytest.approx(sum(HALF_LIVES) / 2, abs=3.0)


def test_a_milder_world_gives_each_default_the_same_pace(table, settings):
    """The half-life belongs to the loan, whatever the scenario does to its loss."""
    loans = table.slice(0, 1_000)
    paces = []
    for drivers in (DRIVERS, macro_drivers(SEVERE, months=24, scale=0.5)):
        _, rows = made(loans, settings, drivers)
        work = rows[(rows["state"] == "workout") & (rows["after"].isin([1, 2]))]
        wide = work.pivot(index="loan_id", columns="after", values="amount")
        paces.append(wide[1] / wide[2])
    both = pd.concat(paces, axis=1).dropna()
    big = both[(both.iloc[:, 0] - 1).abs() < 0.2]
    assert len(big) > 20
    assert big.iloc[:, 0].to_numpy() == pytest.approx(big.iloc[:, 1].to_numpy(), rel=0.02)


def test_a_book_without_defaults_has_no_rows_and_ids_of_a_tape_stay(table, base, settings):
    loans = table.slice(0, 40)
    months = pa.Table.from_batches([panel(loans, DRIVERS, STREAMS, settings, 0)])
    calm = months.filter(pa.array([word != "default" for word in months["status"].to_pylist()]))
    assert recoveries(loans, calm, DRIVERS, STREAMS, settings, 0).num_rows == 0
    row = pa.array(range(40), pa.int64())
    words = [pa.array([f"L{n}" for n in one["loan_id"].to_pylist()]) for one in (loans, months)]
    named = [one.set_column(0, "loan_id", ids) for one, ids in zip((loans, months), words, strict=True)]
    kept = named[0].append_column("_fs_row", row).append_column("_fs_lead", row)
    told = recoveries(kept, named[1], DRIVERS, STREAMS, settings, 0)
    plain = recoveries(loans, months, DRIVERS, STREAMS, settings, 0)
    assert told["loan_id"].to_pylist() == [f"L{n}" for n in plain["loan_id"].to_pylist()]
    assert told["amount"].equals(plain["amount"])
