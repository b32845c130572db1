"""What a run says about its scenarios: their order, their drivers, and whose row is whose."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from finsim.engine.driver_tables import write_drivers
from finsim.engine.finished_run import Run
from finsim.engine.study.study_file import Study
from finsim.engine.study.study_resolution import resolve
from finsim.provenance.trace import trace
from finsim.records.run_layout import table_file


def test_scenarios_come_in_the_order_of_the_study(finished: Run, tiny: Study, tmp_path: Path) -> None:
    assert finished.scenarios == tuple(choice.label for choice in tiny.scenarios)
    turned = tiny.with_scenarios(*reversed(tiny.scenarios))
    text = (finished.path / "manifest.json").read_text()
    manifest = json.loads(text)
    manifest["study"]["resolved"] = turned.model_dump(mode="json")
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert Run(tmp_path).scenarios == ("fraud-wave-mule-surge", "dfast-severely-adverse-2026", "base")


def test_every_market_driver_is_written(tiny: Study, tmp_path: Path) -> None:
    plan = resolve(tiny.with_scenarios("black-monday-1987"))
    written = plan.drivers["black-monday-1987"]
    assert "depth_mult" in written.market
    jump = np.where(np.arange(written.clock.sessions) == 3, -0.2, 0.0)
    drivers = replace(written, market={**written.market, "jump": jump})
    write_drivers(tmp_path, {"black-monday-1987": drivers})
    table = pd.read_parquet(table_file(tmp_path, "driver_sessions", "black-monday-1987"))
    for name, values in drivers.market.items():
        assert np.array_equal(table[name], values), name


def test_a_scheme_row_carries_its_instance(finished: Run) -> None:
    rows = finished.transactions.to_pandas(internal=True)
    told = rows[rows["instance"] >= 0]
    assert (told["_fs_seq"] == told["instance"]).all()
    row = int(told["tx_id"].iloc[-1])
    story = trace(finished.path, "transactions", row)
    assert story.origin["unit"] == f"scheme {told['_fs_seq'].iloc[-1]}"
    assert story.origin["narrative"] == told["narrative"].iloc[-1]
