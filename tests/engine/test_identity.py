"""Same study and seed, same bytes: for any workers, after a kill, at severity 0."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from finsim.engine.finished_run import Run
from finsim.engine.run import Work, resume, run
from finsim.engine.study.study_file import ScenarioChoice, Study
from finsim.provenance.verify import compare_runs, verify_run
from finsim.records.run_layout import WORLD_OF, table_file


def digests(run_folder: Path, scenario: str) -> dict[str, str]:
    files = {
        name: table_file(run_folder, name, scenario) for name, world in WORLD_OF.items() if world != "drivers"
    }
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}


def test_two_workers_give_the_same_bytes(tiny: Study, finished: Run, folder: Path) -> None:
    other = run(tiny, output=folder, work=Work(2))
    assert compare_runs(finished.path, other.path).identical
    assert verify_run(other.path).ok


@pytest.mark.slow
def test_a_killed_run_continues_to_the_same_bytes(tiny: Study, finished: Run, tmp_path: Path) -> None:
    study = tmp_path / "tiny.yaml"
    study.write_text(yaml.safe_dump(tiny.model_dump(mode="json")))
    folder = tmp_path / "killed"
    command = [sys.executable, "-m", "finsim", "run", str(study), "-o", str(folder)]
    process = subprocess.Popen(command, start_new_session=True)
    done = folder / ".finsim" / "done"
    while process.poll() is None and len(list(done.glob("*.json"))) < 4:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (folder / "manifest.json").exists()
    other = resume(folder)
    assert compare_runs(finished.path, other.path).identical
    assert verify_run(other.path).ok


@pytest.mark.sweep
def test_another_seed_differs_in_every_table(tiny: Study, finished: Run, folder: Path) -> None:
    other = run(tiny.with_scenarios("base"), seed=8, output=folder)
    first, second = digests(finished.path, "base"), digests(other.path, "base")
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] == second[name]] == []


@pytest.mark.parametrize(
    "name", ["covid-2020", pytest.param("fraud-wave-mule-surge", marks=pytest.mark.slow)]
)
def test_severity_zero_is_base(tiny: Study, finished: Run, folder: Path, name: str) -> None:
    choice = ScenarioChoice(name=name, severity=0.0)
    other = run(tiny.with_scenarios(choice), output=folder)
    assert digests(other.path, choice.label) == digests(finished.path, "base")


def test_a_fraud_scenario_leaves_legitimate_orders(finished: Run) -> None:
    columns = ["order_id", "ts", "from_account", "to_account", "amount", "channel"]
    frames = []
    for name in ("base", "fraud-wave-mule-surge"):
        frame = finished.transactions_of(name).to_pandas()
        ordinary = frame[frame["narrative"].isna()]
        frames.append(ordinary[columns].sort_values("order_id").reset_index(drop=True))
    assert len(frames[0]) > 10_000
    assert frames[0].equals(frames[1].astype(frames[0].dtypes))


def test_tables_are_single_files_with_the_promised_columns(finished: Run) -> None:
    bars = pq.read_schema(finished.file("bars", "base")).names
    assert bars[:8] == ["path", "date", "asset", "open", "high", "low", "close", "volume"]
    months = pq.read_schema(finished.file("months", "base")).names
    assert months[:7] == ["loan_id", "month", "status", "balance", "pd", "lgd", "loss"]
    losses = pq.read_schema(finished.file("losses", "base")).names
    assert losses == ["scenario_draw", "loss"]
