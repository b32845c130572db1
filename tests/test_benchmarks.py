"""Benchmarks run to the end on few rows; finsim and polars count the same; a peer that fails is said."""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.sweep

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
QUICK = {
    "constraints_ten.py --rows 2e4": "account_most",
    "detector_features.py --accounts 300 --days 10": "pandas over finsim",
    "constraints_doubling.py --rows 600 --tier interpreter": "functions without a rule here: none",
}
LONGER = {
    "mutated_files.py --kind study scenario narrative rules table --count 4": "4 files",
    "mutated_files.py --kind schema model run --count 3": "3 files",
    "faults.py --runs 1 --workers 1 --disks 0 --writers 1": "writers    1 of 1 right",
    "constraints.py --rows 3e3 --engines finsim polars": "all engines counted the same breaches",
    "constraints_stream.py --rows 2e4": "start to end",
    "constraints_csv.py --rows 2e3": "CPU seconds",
    "inject.py --ledgers statements --accounts 300 --narratives funnel_account --seeds 1 2": "of 1 above",
    "transactions.py --runs 300x10": "x PaySim",
    "detection_task.py leaks easy": "channel",
    "detector_ladder.py --accounts 500 --days 30 --train 1 2 --test 3 --epochs 1 --tools raw gnn": "escalate",
    "novel_families.py --accounts 400 --schemes 2 --families cards --train 1 --test 2": "oracle",
    "bank_world.py --ladder --accounts 600 --days 40 --train 1 --test 2": "card_testing_escalation",
    "evidence_speed.py --rows 400": "600 x 3, a text of 4,000 values",
}


LEARNED = [
    pytest.param(
        "learned_tables.py --tables german --most 200 --tools resample_rows --cap 5", "resample_rows",
        id="tables", marks=pytest.mark.slow,
    ),
    pytest.param(
        "learned_events.py --ledgers cards --most 40 --tools resample --cap 5", "top 10 payees",
        id="events", marks=pytest.mark.slow,
    ),
]  # fmt: skip


def ends(command, said):
    script, *words = command.split()
    done = subprocess.run(
        [sys.executable, script, *words], cwd=BENCHMARKS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert said in done.stdout


@pytest.mark.parametrize(("command", "said"), QUICK.items(), ids=lambda text: text.split(".")[0])
def test_a_benchmark_runs_to_its_end(command, said):
    pytest.importorskip("polars", reason="polars is not installed")
    ends(command, said)


@pytest.mark.slow
@pytest.mark.parametrize(("command", "said"), LONGER.items(), ids=lambda text: text.split(".")[0])
def test_a_longer_benchmark_runs_to_its_end(command, said):
    pytest.importorskip("polars", reason="polars is not installed")
    ends(command, said)


@pytest.mark.parametrize(("command", "said"), LEARNED)
def test_finsim_is_judged_without_peers(command, said, tmp_path):
    if "cards" in command and not (BENCHMARKS.parents[1] / "shared").exists():
        said = "is not there"
    ends(f"{command} --cache {tmp_path / 'cache'} --json {tmp_path / 'all.json'}", said)
    if said != "is not there":
        (results,) = json.loads((tmp_path / "all.json").read_text()).values()
        assert {"real half", command.split("--tools ")[1].split()[0]} == set(results)
        assert not any("failed" in one for one in results.values())


PEER = """
import json, pathlib, shutil, sys
job = json.loads(pathlib.Path(sys.argv[1]).read_text())
with open(r"{calls}", "a") as calls:
    calls.write(job["generator"] + chr(10))
if job["generator"] == "fails":
    raise ValueError("two columns are too few")
while job["generator"] == "endless":
    pass
if job["generator"] == "large":
    print(len(bytearray(4_000_000_000)))
shutil.copy(job["train"], job["out"])
pathlib.Path(sys.argv[2]).write_text(json.dumps({{"fit": 1.0, "note": "cut after 1 CPU s"}}))
"""


@pytest.fixture
def held(tmp_path, monkeypatch, capsys):
    """Return a function that runs four made peers side by side, and the peers that were called."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import peer_environments
    import side_by_side

    monkeypatch.setattr(peer_environments, "START", 0)
    calls = tmp_path / "calls"
    (tmp_path / "peer.py").write_text(PEER.format(calls=calls))
    python = tmp_path / "cache" / "made" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (tmp_path / "cache" / "made" / "complete").touch()
    half = pd.DataFrame({"x": [1, 2], "y": ["a", "b"]})
    tools = ("good", "fails", "endless", "large")
    contest = side_by_side.Contest(
        data={"made": tmp_path}, tools={tool: ("made", tool) for tool in tools},
        peers={"made": peer_environments.Peer(str(tmp_path / "peer.py"))}, scripts=tmp_path, own=(),
        halves=lambda name, seed, most: (half, half),
        judged=lambda name, train, unseen, own: {"rows": len(own)}, judges=(),
        job=lambda name, train: {}, columns=(side_by_side.Column("rows", "rows", "{}"),),
        head=lambda name, train: "halves",
    )  # fmt: skip

    def once(seed=1, kept=False):
        given = argparse.Namespace(
            data=["made"], tools=list(tools), cap=1.0, longer=None, longer_for=[], memory=1.0, limit=60,
            most=None, seed=seed,
            cache=tmp_path / "cache", fill=False, kept=kept, again=False,
            json=tmp_path / "all.json", markdown=tmp_path / "all.md",
        )  # fmt: skip
        capsys.readouterr()
        side_by_side.held(contest, given)
        return json.loads((tmp_path / "all.json").read_text())["made"], capsys.readouterr().out

    return once, calls, tmp_path / "all.md"


@pytest.mark.slow
def test_a_peer_that_fails_or_does_not_end_is_said_and_outputs_are_kept(held):
    once, calls, page = held
    results, printed = once()
    assert results["good"]["rows"] == 2
    assert results["fails"]["failed"] == "ValueError: two columns are too few"
    assert results["endless"]["failed"] == "nothing in 2 CPU s"
    assert "MemoryError" in results["large"]["failed"]
    for said in ("two columns are too few", "nothing in 2 CPU s", "MemoryError", "cut after 1 CPU s"):
        assert said in printed
        assert said in page.read_text()
    called = calls.read_text()
    assert once()[0] == results
    assert calls.read_text() == called
    assert once(seed=2, kept=True)[0]["good"] == {"failed": "no output is kept"}
    once(seed=2)
    assert calls.read_text().count("good") == 2


@pytest.mark.parametrize(("seconds", "repeats", "said"), [(4.0, 1, ""), (0.1, 3, "of 2,000 rows")])
def test_a_fit_that_cannot_be_cut_gets_the_rows_that_end(seconds, repeats, said, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from rows_in_time import fitted_in_time

    def fit(rows, times):
        end = time.process_time() + 1e-4 * len(rows) * times
        while time.process_time() < end:
            pass
        return len(rows), times

    (rows, times), note = fitted_in_time(fit, pd.DataFrame({"x": range(2_000)}), seconds, repeats)
    assert ("of 2,000 rows" in note) == bool(said)
    assert (rows == 2_000) == (not said)
    assert times == 1
    assert ("1 of 3 repeats" in note) == (repeats > 1)


def test_sampled_columns_get_the_decimals_of_the_real_ones(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from peer_job import in_parts, like

    real = pd.DataFrame({"n": [1, 2], "cents": [1.25, None], "whole": [3.0, 4.0]})
    made = pd.DataFrame({"n": [1.6, 2.2], "cents": [1.256, 2.0], "whole": [3.4, float("nan")]})
    back = like(made, real)
    assert back["n"].tolist() == [2, 2]
    assert back["cents"].tolist() == [1.26, 2.0]
    assert back["whole"][0] == 3.0
    parts = in_parts(lambda count: pd.DataFrame({"id": range(count)}), 5, 2, "id", 60.0)
    assert parts["id"].nunique() == len(parts) == 5
    some = in_parts(lambda count: pd.DataFrame({"id": range(count)}), 5, 2, "id", -1.0)
    assert some.attrs["note"].startswith("2 of 5 entities")
