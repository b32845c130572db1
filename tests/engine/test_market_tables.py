"""The bars of every scenario: valid everywhere, and at the scenario's levels at its quarter ends."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from finsim.engine.finished_run import Run

DFAST = [-38.7, -48.5, -57.8, -53.8, -49.9, -45.9, -42.0, -38.0, -34.1, -30.1, -26.1, -22.2, -18.2]


@pytest.mark.parametrize("scenario", ["base", "dfast-severely-adverse-2026", "fraud-wave-mule-surge"])
def test_every_bar_is_valid(finished: Run, scenario: str) -> None:
    bars = pd.read_parquet(finished.file("bars", scenario))
    prices = bars[["open", "high", "low", "close"]]
    assert (prices > 0).all(axis=None)
    assert (bars["low"] <= bars[["open", "close"]].min(axis=1)).all()
    assert (bars["high"] >= bars[["open", "close"]].max(axis=1)).all()
    assert (bars["volume"] >= 0).all()
    steps = bars.groupby(["path", "asset"], observed=True)["date"].apply(
        lambda dates: (pd.to_datetime(dates).diff().dropna() > pd.Timedelta(0)).all()
    )
    assert steps.all()


def test_the_index_of_every_path_reaches_the_published_levels(finished: Run) -> None:
    bars = pd.read_parquet(finished.file("bars", "dfast-severely-adverse-2026"))
    bars["date"] = pd.to_datetime(bars["date"])
    quarter_ends = pd.date_range("2026-03-31", periods=13, freq="QE")
    closes = bars.pivot(index="date", columns=["path", "asset"], values="close")
    index = (closes / closes.iloc[0]).T.groupby(level="path").mean().T  # of all assets, equally weighted
    for close in (index[path] for path in index.columns):
        found = [100 * (close[:end].iloc[-1] - 1) for end in quarter_ends]
        reached = np.array(found)[quarter_ends <= close.index[-1]]
        assert np.abs(reached - DFAST[: len(reached)]).max() < 0.1
        assert len(reached) == 13
