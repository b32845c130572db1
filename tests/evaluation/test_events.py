"""Event metrics: planted faults are found by name, real halves pass, odd input is a sentence."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from event_stand_ins import FAULTS, events

from finsim.evaluation import METRICS
from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.verdicts import judged_together
from finsim.randomness import Streams

ROLES = Roles(id="card", time="ts", label="bad")
QUICK = Settings(bootstrap=100)
TREES = ("event_two_sample", "entity_two_sample", "event_alert_recall")
PLAIN = [name for name in METRICS.of_case("events") if name not in TREES]


def table(rows: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(rows, preserve_index=False)


def scores(real, own, names=PLAIN, holdout=None, roles=ROLES, seed=1):
    spare = None if holdout is None else table(holdout)
    case = event_case(table(real), table(own), spare, roles, Streams(seed), QUICK)
    return judged_together([score for name in names for score in METRICS.load(name).compute(case)])


def failed(found):
    return {score.metric for score in found if score.verdict == "fail"}


@pytest.fixture(scope="module")
def halves():
    return events(1), events(2, first=1_000)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_fails_in_the_metric_that_is_for_it(fault, halves):
    real, own = halves
    change, metric = FAULTS[fault]
    found = scores(real, change(own, np.random.default_rng(3)))
    assert metric in failed(found), [(s.metric, s.subject, s.value, s.goal) for s in found]


def test_real_halves_pass():
    passed = 0
    for seed in range(20):
        found = scores(events(2 * seed + 10), events(2 * seed + 11, first=1_000))
        passed += not failed(found)
    assert passed >= 19


def test_a_holdout_is_the_floor(halves):
    real, own = halves
    late = own[own["ts"] > own["ts"].median()]
    without = {s.subject: s for s in scores(real, own, ["first_last"])}
    with_it = {s.subject: s for s in scores(real, own, ["first_last"], holdout=late)}
    assert with_it["life spans"].goal > without["life spans"].goal
    assert "hold-out" in with_it["life spans"].note
