"""A trained event network is harder to tell from the law it learned than its untrained twin."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from small_networks import SMALL, fitted, two_states

from finsim.evaluation.events.entity_two_sample import METRIC
from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.randomness import Streams

pytestmark = pytest.mark.sweep


def table(log):
    found = {"who": pa.array(log.entity())}
    for name, column in log.events.columns.items():
        if column.kind == "word":
            found[name] = pa.array([column.words[code] for code in column.values])
        elif column.kind == "time":
            found[name] = pa.array(column.values, pa.timestamp("ns"))
        else:
            found[name] = pa.array(column.values)
    return pa.table(found)


def judged(real, own):
    roles = Roles(id="who", time="when", amount="amount")
    with np.errstate(divide="ignore", invalid="ignore"):
        case = event_case(table(real), table(own), None, roles, Streams(3), Settings(bootstrap=20))
        (score,) = METRIC.compute(case)
    return score.value


def test_training_takes_a_tenth_off_the_entity_auc():
    log, other = (two_states(entities=90, seed=seed, partners=False) for seed in (1, 9))
    settings = dataclasses.replace(SMALL, learning_rate=1e-2)
    near, far = (fitted(log, settings, steps=steps).sample(90, Streams(2)) for steps in (250, 1))
    assert judged(other, near) < judged(other, far) - 0.1
