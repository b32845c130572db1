"""Default rates by grade: flattened and exaggerated ones are seen, those of other rows are not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.tables.table_case import table_case
from finsim.evaluation.utility.rates.outcome_rates import COLUMNS, METRIC
from finsim.randomness import Streams

RATES = np.array([0.012, 0.04, 0.07, 0.12, 0.222])
FLAT = np.array([0.024, 0.045, 0.07, 0.10, 0.127])
ROWS = 10_000


def _tape(seed, rates=RATES, rows=ROWS, debt=0.06):
    rng = np.random.default_rng(seed)
    grade = rng.choice(5, rows, p=[0.25, 0.3, 0.22, 0.15, 0.08])
    ratio = rng.normal(20, 8, rows)
    odds = np.log(rates / (1 - rates))[grade] + debt * (ratio - 20)
    bad = rng.random(rows) < 1 / (1 + np.exp(-odds))
    return {
        "grade": np.array(list("ABCDE"))[grade],
        "region": rng.choice(["north", "south"], rows),
        "dti": np.where(rng.random(rows) < 0.1, np.nan, ratio),
        "lost": np.where(bad, 100.0, np.nan),
        "status": np.where(bad, "default", "paid"),
    }


def _scores(real, own, spare=None, **roles):
    sides = [None if one is None else pa.table(one, schema=None) for one in (real, own, spare)]
    chosen = Roles(**{"label": "status", **roles})
    case = table_case(*sides, chosen, Streams(0), Settings(bootstrap=200), "loans")
    return {one.subject: one for one in METRIC.compute(case)}


def test_other_rows_of_the_same_law_pass():
    found = _scores(_tape(1), _tape(2), _tape(3))
    assert set(found) == {"grade", "dti"}  # the region tells nothing, what was lost tells all
    assert {one.verdict for one in found.values()} == {"pass"}
    assert found["grade"].value < 0.25
    assert found["grade"].ceiling == 1.0
    assert "hold-out" in found["grade"].note


@pytest.mark.parametrize(("rates", "sign"), [(FLAT, -1), (RATES**1.6 * 2.5, 1)])
def test_flattened_and_exaggerated_rates_are_seen(rates, sign):
    one = _scores(_tape(1), _tape(2, rates))["grade"]
    assert one.verdict == "warn"
    assert one.p < 0.01
    slope = float(one.note.split("slope of log odds ")[1].split(" ")[0])
    assert (slope - 1) * sign > 0.25
    assert one.value == pytest.approx(abs(slope - 1), abs=0.006)
    assert "status is default: A " in one.note
    assert "; E " in one.note


def test_a_tenth_of_a_number_is_seen():
    found = _scores(_tape(1), _tape(2, debt=0.0))
    assert found["dti"].verdict == "warn"
    assert found["grade"].verdict == "pass"


def test_the_level_alone_is_no_slope():
    """Twice the odds in all grades: label_rate sees it, the slope does not."""
    odds = 2 * RATES / (1 - RATES)
    assert _scores(_tape(1), _tape(2, odds / (1 + odds)))["grade"].verdict == "pass"


def test_false_alarms_are_rare():
    alarms = [
        one.p < 0.05
        for seed in range(12)
        for one in _scores(_tape(2 * seed, rows=1_500), _tape(2 * seed + 1, rows=3_000)).values()
    ]
    assert len(alarms) >= 14
    assert np.mean(alarms) < 0.15


def test_rows_of_an_entity_count_as_fewer():
    """Each loan stands ten times: what two such tapes differ by is ten times as noisy."""

    def repeated(tape, rows=600, times=10):
        return {name: np.repeat(one[:rows], times) for name, one in tape.items()} | {
            "loan": np.repeat(np.arange(rows), times)
        }

    plain, own = repeated(_tape(1)), repeated(_tape(2, FLAT))
    blind, known = (_scores(plain, own, **roles)["grade"] for roles in ({}, {"id": "loan"}))
    assert known.goal > 1.5 * blind.goal


def test_what_says_why_there_is_no_score():
    tape = _tape(1)
    assert _scores(tape, _tape(2), label=None) == {}
    assert _scores(tape, tape, label="dti")["rates of the label"].verdict == "not computed"
    only = {name: tape[name] for name in ("region", "status")}
    assert _scores(only, only)["rates of the label"].verdict == "no power"


def test_of_several_words_each_but_the_commonest_is_told():
    """What says which loans still run (their start, the region, ...) leaves room for defaults by grade."""
    real, own = _tape(1), _tape(2, FLAT)
    for side, seed in ((real, 8), (own, 9)):
        rng = np.random.default_rng(seed)
        start = rng.random(ROWS)
        runs = (side["status"] == "paid") & (rng.random(ROWS) < 0.9 * start)
        side["status"] = np.where(runs, "runs", side["status"])
        side |= {f"start{k}": start + rng.normal(0, 0.05 * k, ROWS) for k in range(7)}
    found = _scores(real, own)
    words = [subject.partition(" (")[2] for subject in found]
    common = max(("paid", "runs"), key=lambda word: (real["status"] == word).sum())
    other = {"paid": "runs", "runs": "paid"}[common]
    assert set(words) == {"status is default)", f"status is {other})"}
    assert words.count(f"status is {other})") == COLUMNS
    one = found["grade (status is default)"]
    assert one.note.startswith("status is default: A ")
    assert one.verdict == "warn"


def test_columns_of_noise_are_not_told():
    real, own = _tape(1), _tape(2)
    for seed, side in enumerate((real, own)):
        rng = np.random.default_rng(seed)
        side |= {f"noise{k}": rng.choice(list("abcdef"), ROWS) for k in range(20)}
    assert set(_scores(real, own)) == {"grade", "dti"}


def test_five_columns_are_told():
    real, own = _tape(1), _tape(2)
    for side in (real, own):
        side |= {f"copy{k}": side["grade"] for k in range(6)}
    assert len(_scores(real, own)) == COLUMNS == 5
