"""What every metric of the catalogue promises, whatever it measures."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from event_stand_ins import events
from few_trees import judge_with_few_trees
from payment_stand_ins import payments
from people_stand_ins import PERSON, as_case, people
from price_stand_ins import resampled
from test_credit import applications, arrow, loans, months
from test_model_folder import model_case

from finsim.evaluation import METRICS
from finsim.evaluation.case import path_case
from finsim.evaluation.columns import Side, between
from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.loans import CreditCase
from finsim.evaluation.metric import SHARE, USES, VERDICTS, Score
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.tables.table_case import table_case
from finsim.evaluation.utility.detection import transaction_case
from finsim.randomness import Streams
from finsim.records.paths import Paths

pytestmark = pytest.mark.sweep

SMALL = Settings(
    bootstrap=40, judge_refits=1, judge_iterations=10, judge_predictive_iterations=10, judge_windows=200,
    max_rows=3_000,
)  # fmt: skip
NAMES = list(METRICS)
PATHS = [name for name in NAMES if METRICS.load(name).case == "paths"]
JUDGES = ("discriminative", "predictive")


@pytest.fixture(scope="module", autouse=True)
def _few_trees():
    with pytest.MonkeyPatch.context() as patch:
        judge_with_few_trees(patch)
        yield


@pytest.fixture(scope="module")
def cases(real):
    part = between(real, 0, 1_100)
    book = loans(applications(2, 1_200))
    rng = np.random.default_rng(8)
    world = payments(seed=1, rows=8_000)
    return {
        "paths": path_case(part, None, resampled(part, 9, 600, seed=1), Streams(7), SMALL),
        "transactions": transaction_case(*world, Streams(7), SMALL, expected={"story": 50.0}),
        "credit": CreditCase(book, months(book, 0.5), rng.gamma(2.0, 1.0, 20_000), Streams(7), SMALL),
        "table": as_case(people(1_500, 1), people(1_500, 3), people(900, 2), PERSON, SMALL),
        "model": model_case(),
        "events": event_case(
            *(arrow(events(seed, 80)) for seed in (1, 2)), None, Roles(id="card", time="ts", label="bad"),
            Streams(7), SMALL,
        ),
        "staleness": table_case(
            *(arrow(applications(seed, 300).assign(day=pd.Timestamp(f"202{seed}-01-01"))) for seed in (1, 2)),
            None, Roles(time="day"), Streams(7), SMALL,
        ),
    }  # fmt: skip


@pytest.fixture(scope="module")
def computed(cases):
    """Compute each metric once, when it is first asked for."""
    found: dict[str, list[Score]] = {}

    def scores(name: str) -> list[Score]:
        if name not in found:
            found[name] = METRICS.load(name).compute(cases[METRICS.load(name).case])
        return found[name]

    return scores


def twin_case(real: Paths):
    return path_case(real, None, real, Streams(7), SMALL)


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_complete_and_in_range(name, computed):
    metric, scores = METRICS.load(name), computed(name)
    assert scores
    for score in scores:
        assert score.metric == name
        assert score.use in USES
        assert score.verdict in VERDICTS
        assert score.verdict == "pass" or score.reason, score
        assert Score.from_dict(score.to_dict()) == score
        if score.value is not None:
            assert metric.lowest <= score.value <= metric.highest
            assert score.n > 0
        if score.low is not None and name != "scheme_counts":
            assert score.low - 1e-9 <= score.value <= score.high + 1e-9, score
    assert len({score.subject for score in scores}) == len(scores)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_streams_give_the_same_scores(name, cases, computed):
    metric = METRICS.load(name)
    assert metric.compute(cases[metric.case]) == computed(name)


@pytest.mark.parametrize("name", [n for n in PATHS if n not in (*JUDGES, "drift", "drift_distance")])
def test_identical_data_get_the_best_score_and_only_privacy_objects(name, real):
    metric = METRICS.load(name)
    part = between(real, 0, 1_100)
    for score in metric.compute(twin_case(part)):
        if name == "turned_copies":  # what is as it was is not turned
            assert score.verdict in ("pass", "warn")
        elif metric.use == SHARE:
            assert score.verdict == "fail"
        else:
            # One path is one era: some metrics say that it shows nothing, never that it is wrong.
            assert score.value is None or score.value == pytest.approx(metric.best, abs=1e-9)
            assert score.verdict in ("pass", "no power", "not computed")
            assert score.verdict != "pass" or score.value is not None


@pytest.mark.parametrize("name", [n for n in PATHS if METRICS.load(n).order_free])
def test_rows_may_come_in_any_order_where_promised(name, cases, computed):
    metric, case = METRICS.load(name), cases["paths"]
    order = np.random.default_rng(3).permutation(case.synthetic.steps)
    columns = {key: values[:, order] for key, values in case.synthetic.columns.items()}
    bars = case.everything
    dates = np.random.default_rng(4).permutation(len(bars.dates))
    mixed = Paths(bars.assets, bars.dates, {key: values[:, dates] for key, values in bars.columns.items()})
    changed = replace(case, synthetic=Side(case.synthetic.paths, columns), everything=mixed)
    before, after = computed(name), metric.compute(changed)
    assert [s.value for s in after] == pytest.approx([s.value for s in before], abs=1e-12)


CREDIT = [name for name in NAMES if METRICS.load(name).case == "credit"]


@pytest.mark.parametrize("name", [n for n in CREDIT if METRICS.load(n).order_free])
def test_loans_may_come_in_any_order_where_promised(name, cases, computed):
    metric, case = METRICS.load(name), cases["credit"]
    order = np.random.default_rng(5).permutation(case.loans.num_rows)
    changed = replace(case, loans=case.loans.take(order), losses=case.losses[::-1])
    before, after = (
        {s.subject: s.value for s in scores} for scores in (computed(name), metric.compute(changed))
    )
    assert after == pytest.approx(before, abs=1e-9)


TABLE = [name for name in NAMES if METRICS.load(name).case == "table"]


@pytest.mark.parametrize("name", [n for n in TABLE if METRICS.load(n).order_free])
def test_rows_of_a_table_may_come_in_any_order_where_promised(name, cases, computed):
    metric, case = METRICS.load(name), cases["table"]
    order = np.random.default_rng(5).permutation(case.rows_own)
    changed = replace(case, columns=tuple(replace(one, own=one.own[order]) for one in case.columns))
    before, after = (
        {s.subject: s.value for s in scores} for scores in (computed(name), metric.compute(changed))
    )
    assert after == pytest.approx(before, abs=1e-6)


EVENTS = [name for name in NAMES if METRICS.load(name).case == "events"]


@pytest.mark.parametrize("name", [n for n in EVENTS if METRICS.load(n).order_free])
def test_rows_of_entities_may_come_in_any_order_where_promised(name, cases, computed):
    metric, own = METRICS.load(name), events(2, 80)
    mixed = own.sample(frac=1.0, random_state=5)
    roles = Roles(id="card", time="ts", label="bad")
    changed = event_case(arrow(events(1, 80)), arrow(mixed), None, roles, Streams(7), SMALL)
    before, after = (
        {s.subject: s.value for s in scores} for scores in (computed(name), metric.compute(changed))
    )
    assert after == pytest.approx(before, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", NAMES)
def test_every_threshold_says_where_it_comes_from(name):
    metric = METRICS.load(name)
    assert metric.name == name
    assert len(metric.origin) > 20
    assert METRICS.describe()[name]


def test_the_catalogue_is_listed_without_heavy_imports():
    import subprocess
    import sys

    code = (
        "import sys; from finsim.evaluation import METRICS; list(METRICS); "
        "print({'torch','sklearn','pandas','scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
