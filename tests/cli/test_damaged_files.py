"""Commands on damaged files end with exit 0, 1 or 2: no fault, no signal, no hang, within 2 GB."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.sweep

TESTS = Path(__file__).resolve().parents[1]
GIGABYTES = 2 * 10**9


def ends(kind, first, last, folder):
    """Run commands on damaged files of these seeds in a process of its own; return how often it ended how."""
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    done = subprocess.run(
        [sys.executable, "-m", "cli.damaged_commands", kind, str(first), str(last), str(folder)],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, (kind, first, done.returncode, done.stderr[-2000:])
    found = json.loads(done.stdout)
    assert not found["bad"], found["bad"][:3]
    assert found["memory"] < GIGABYTES
    return found["ends"]


@pytest.mark.parametrize(
    ("kind", "count"), [("check", 60), ("fit", 20), pytest.param("credit", 10, marks=pytest.mark.slow)]
)
def test_a_damaged_file_is_worked_on_or_refused(kind, count, tmp_path):
    found = ends(kind, 0, count, tmp_path)
    assert sum(found.values()) == count
    assert {"0", "2"} <= set(found)  # some are read and some refused: else the files are no trial


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "count"), [("check", 1_000), ("fit", 400), ("evaluate", 200), ("market", 200), ("credit", 200)]
)
def test_two_thousand_damaged_files_are_worked_on_or_refused(kind, count, tmp_path):
    found = Counter()
    for first in range(1_000, 1_000 + count, 100):
        found.update(ends(kind, first, first + 100, tmp_path))
    assert sum(found.values()) == count
    assert found["0"] + found["1"] > count // 20  # 1: read, and a rule of the pack is broken in it
    assert found["2"] > count // 5
