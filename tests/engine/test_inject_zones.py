"""Days and hours of added payments are those of the clock of the table's zone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from made_ledgers import cards

import finsim
from finsim.engine.injection.local_clock import from_wall, to_wall

SECOND, HOUR = 10**9, 3_600 * 10**9
ROLES = {"when": "date", "card": "from_account", "shop": "merchant", "amount": "amount"}


@pytest.mark.parametrize("zone", ["", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"])
def test_the_clock_goes_there_and_back(zone: str) -> None:
    day = np.datetime64("2024-03-30", "ns").astype(np.int64)
    times = np.concatenate([day + np.arange(72) * HOUR, day + 210 * 24 * HOUR + np.arange(72) * HOUR])
    wall = to_wall(times, zone)
    expected = pd.DatetimeIndex(times, tz="UTC").tz_convert(zone or "UTC").tz_localize(None)
    assert wall.tolist() == expected.as_unit("ns").asi8.tolist()
    back = from_wall(wall, zone)
    assert to_wall(back, zone).tolist() == wall.tolist()
    assert (back != times).sum() <= 1  # an hour that comes twice


@pytest.mark.parametrize("daily", [False, True])
def test_added_rows_lie_in_the_local_hours_of_real_ones(daily: bool, tmp_path: Path) -> None:
    """Shops are open from 9 to 12 there, in winter and in summer; or all times are midnights."""
    frame = cards(2_000)
    clock = frame["when"].dt.floor("D")
    if not daily:
        clock += pd.to_timedelta(np.sort(np.random.default_rng(1).integers(9 * 60, 12 * 60, 2_000)), "min")
    frame["when"] = clock.dt.strftime("%d.%m.%Y %H:%M")
    frame[list(ROLES)].sort_values("when", key=lambda _: clock).to_csv(tmp_path / "in.csv", index=False)
    lines = ["finsim: schema/1", "kind: payments", "columns:"]
    form = 'type: ts, zone: America/New_York, format: "%d.%m.%Y %H:%M"'
    for name, role in ROLES.items():
        kind = {"when": form, "amount": "type: money, ccy: EUR"}.get(name, "type: id")
        lines.append(f"  {name}: {{{kind}, role: {role}}}")
    (tmp_path / "in.schema.yaml").write_text("\n".join(lines))
    made = finsim.inject(
        tmp_path / "in.csv", schema=tmp_path / "in.schema.yaml", rate=0.05, seed=2,
        narratives="card_testing_escalation", output=tmp_path / "out", progress=False,
    )  # fmt: skip
    rows = pq.read_table(made.transactions).to_pandas()
    local = rows["when"].dt.tz_convert("America/New_York").dt.tz_localize(None)
    late = (local - local.dt.floor("D"))[rows["instance"] >= 0]
    assert rows["when"].is_monotonic_increasing
    if daily:
        assert (late == pd.Timedelta(0)).all()
        assert any("by day" in one for one in made.remarks)
    else:
        assert late.between(pd.Timedelta(hours=9), pd.Timedelta(hours=12)).mean() > 0.9
        assert (late % pd.Timedelta(minutes=1) == pd.Timedelta(0)).all()
