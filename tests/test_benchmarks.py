"""Benchmarks of rules run to the end on few rows, and finsim and polars count the same."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
QUICK = {
    "constraints_ten.py --rows 2e4": "account_most",
    "detector_features.py --accounts 300 --days 10": "pandas over finsim",
    "constraints_doubling.py --rows 600 --tier interpreter": "functions without a rule here: none",
}
LONGER = {
    "constraints.py --rows 3e3 --engines finsim polars": "all engines counted the same breaches",
    "constraints_stream.py --rows 2e4": "start to end",
}


def ends(command, said):
    pytest.importorskip("polars", reason="polars is not installed")
    script, *words = command.split()
    done = subprocess.run(
        [sys.executable, script, *words], cwd=BENCHMARKS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert said in done.stdout


@pytest.mark.parametrize(("command", "said"), QUICK.items(), ids=lambda text: text.split(".")[0])
def test_a_benchmark_runs_to_its_end(command, said):
    ends(command, said)


@pytest.mark.slow
@pytest.mark.parametrize(("command", "said"), LONGER.items(), ids=lambda text: text.split(".")[0])
def test_a_longer_benchmark_runs_to_its_end(command, said):
    ends(command, said)
