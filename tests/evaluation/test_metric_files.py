"""A metric is one file: dropped into a room it is listed, computed and documented."""

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from finsim.evaluation import METRICS
from finsim.evaluation.metric_catalog import metric_files

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))
make_tables = importlib.import_module("make_tables")

METRIC_FILE = '''
"""Asymmetry of gains and losses."""

import numpy as np

from finsim.evaluation.case import PathCase, mean_gap
from finsim.evaluation.columns import RETURN
from finsim.evaluation.metric import STRESS, Metric, Score


def skewness(values):
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95), axis=1)
    return ((high + low - 2 * middle) / (high - low))[:, None]


def measure(case: PathCase) -> list[Score]:
    scores = []
    for index, asset in case.assets():
        found, _ = case.series(RETURN, index, skewness, mean_gap)
        scores.append(METRIC.compared(asset, found, ceiling=0.5, n=case.rows_used))
    return scores


METRIC = Metric(
    name="gain_loss_trial", case="paths", use=STRESS, unit="absolute gap", lowest=0.0, highest=2.0, best=0.0,
    delta=0.05, origin="assumption: 0.05 beyond the real spread", order_free=True, compute=measure,
)
'''

RUN = """
import json, sys
sys.path.insert(0, "docs")
import numpy as np
import finsim, make_tables
from finsim.evaluation import METRICS
from finsim.evaluation.evaluate import evaluate
from finsim.records.paths import Paths

def closes(paths, days, seed):
    moves = 0.01 * np.random.default_rng(seed).standard_t(5, (paths, days, 1))
    dates = np.datetime64("2020-01-01") + np.arange(days)
    return Paths(("A",), dates, {"close": 100 * np.exp(np.cumsum(moves, axis=1))})

settings = finsim.EvaluationSettings(bootstrap=20, judge_refits=0)
card = evaluate(closes(1, 300, 1), closes(9, 300, 2), finsim.Streams(7), settings)
page = make_tables.rewritten_metrics((make_tables.PAGE.parent / "metrics.md").read_text())
print(json.dumps([
    "gain_loss_trial" in list(METRICS), METRICS.describe()["gain_loss_trial"],
    [score.verdict for score in card.of("gain_loss_trial")], page.count("`gain_loss_trial`"),
]))
"""


def test_a_metric_dropped_into_a_room_is_listed_computed_and_documented(tmp_path):
    unused = shutil.ignore_patterns("__pycache__", "*.png")
    shutil.copytree(ROOT / "finsim", tmp_path / "finsim", ignore=unused)
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=unused)
    room = tmp_path / "finsim" / "evaluation" / "trial_room"
    room.mkdir()
    (room / "__init__.py").write_text('"""A room of one metric."""\n')
    (room / "gain_loss_trial.py").write_text(METRIC_FILE)
    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    listed, summary, verdicts, lines = json.loads(done.stdout.splitlines()[-1])
    assert listed
    assert summary == "Asymmetry of gains and losses"
    assert verdicts == ["pass"]
    assert lines == 1


def test_the_page_of_metrics_is_made_from_their_files():
    page = ROOT / "docs" / "reference" / "metrics.md"
    text = page.read_text(encoding="utf-8")
    assert make_tables.rewritten_metrics(text) == text, "run: python docs/make_tables.py"
    lines = text.splitlines()
    assert [name for name in METRICS if sum(line.startswith(f"| `{name}` |") for line in lines) != 1] == []


def test_every_metric_belongs_to_a_case_that_an_evaluation_runs():
    """Read the package: a case whose name no ``of_case`` call mentions would never be computed."""
    calls = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "finsim").rglob("*.py")
        if "of_case(" in path.read_text(encoding="utf-8")
    )
    cases = {one.case for one in metric_files().values()}
    assert [case for case in sorted(cases) if f'of_case("{case}")' not in calls] == []


@pytest.mark.parametrize("name", [name for name, one in METRICS.files().items() if one.required])
def test_a_metric_that_decides_says_how_it_is_computed_and_what_it_misses(name):
    metric = METRICS.load(name)
    assert [words for words in (METRICS.describe()[name], metric.how, metric.misses) if not words] == []
