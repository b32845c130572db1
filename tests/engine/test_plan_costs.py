"""What a unit of work is counted by: tape, book, ledger and body, and the defaults of a draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from finsim.credit.conditional import default_point, sensitivity
from finsim.credit.losses import Buckets
from finsim.engine.planning import cost_prediction
from finsim.engine.planning.cost_constants import SECONDS
from finsim.engine.planning.learned_work import slowness
from finsim.engine.planning.loan_cost_sample import LoanWork
from finsim.engine.planning.payment_forecast import PaymentForecast
from finsim.engine.planning.window_work import compared_windows
from finsim.engine.planning.work_sizes import Learned, WorkSizes
from finsim.engine.study.credit_part import LoanGenerator
from finsim.engine.study.study_file import load_study
from finsim.engine.study.study_resolution import Plan, resolve
from finsim.engine.study.transactions_part import PaymentBody
from finsim.generators import EVENT_GENERATORS, TABLE_GENERATORS
from finsim.kernels.defaults import DENSE_PD

TAPE = Learned(10_000, 20, has_outcome=True)
LEDGER = Learned(50_000, 5, 2_000, 30_000)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return resolve(load_study("tiny"))


def sized(plan: Plan, tape: Learned = TAPE, ledger: Learned | None = None, **loans: float) -> WorkSizes:
    """Return sizes of the study of a plan; ``loans`` changes the work on a loan."""
    labels = list(plan.scenarios)
    work = replace(LoanWork(20.0, 30, 0.02, 0.01), **loans)
    counts = {"bars": 4_000, "transactions": 9_000, "accounts": 900, "patterns": 20}
    counts |= {"loans": 5_000, "months": 100_000, "losses": 50_000}
    rows = {name: dict.fromkeys(labels, count) for name, count in counts.items()}
    payments = PaymentForecast(rows["transactions"], 1, 900)
    return WorkSizes(rows, payments, (), dict.fromkeys(labels, work), tape, ledger)


def seconds(plan: Plan, sizes: WorkSizes, part: str, monkeypatch: pytest.MonkeyPatch) -> float:
    monkeypatch.setattr(cost_prediction, "machine_factor", lambda: 1.0)  # no clock decides
    return cost_prediction.predict(plan, sizes, 3_000).parts[part]


def changed(plan: Plan, world: str, **keys: object) -> Plan:
    study = plan.study.model_copy(update={world: getattr(plan.study, world).model_copy(update=keys)})
    return replace(plan, study=study)


def judged(plan: Plan) -> Plan:
    return changed(plan, "evaluation", enabled=True)


@pytest.mark.parametrize("pd", [0.01, 0.1, 0.3])
@pytest.mark.parametrize("rho", [0.0, 0.12])
def test_the_defaults_of_a_draw_are_those_of_the_pd(pd: float, rho: float) -> None:
    """The mean of the conditional PD over the factor is the PD: Vasicek 2002."""
    alpha, beta = float(default_point(np.array(pd), np.array(rho))), float(sensitivity(np.array(rho)))
    loan = np.tile([alpha, beta, 1.0, 0.4], (50, 1))
    bucket = np.array([[0.0, 0.0, alpha, beta, beta, 0.0, 1.0]])
    book = Buckets(("all",), np.arange(50), np.array([0, 50]), bucket, loan)
    work = LoanWork.of(12.0, book)
    assert work.buckets == 1
    if pd < 0.3 and rho == 0.0:
        assert (work.defaults, work.tried) == (pytest.approx(pd), 0.0)
    # Where many default the loans are tried one by one, and their defaults are not counted.
    assert work.defaults <= pd + 1e-9 <= work.defaults + work.tried + 1e-6
    if pd == 0.3 and rho:
        assert 0.05 < pd - work.defaults < pd - 0.05
    worse = LoanWork.of(12.0, replace(book, bucket=bucket + np.array([0, -3.0, 0, 0, 0, 0, 0])))
    if rho:
        assert worse.defaults + worse.tried > work.defaults + work.tried
    assert DENSE_PD == 0.4  # what the measured costs of the two ways belong to


def test_windows_of_a_panel_are_compared_with_all_of_its_windows(plan: Plan) -> None:
    two, many = compared_windows(plan, 2, 3_000), compared_windows(plan, 12, 3_000)
    labels, part = len(plan.scenarios), plan.study.market
    assert part is not None
    assert two["pair of real windows"] == labels * ((2 * 3_000) ** 2 + 2 * 3_000**2)
    assert many["pair of real windows"] == labels * ((12 * 3_000) ** 2 + 12 * 3_000**2)
    windows = part.paths * (part.sessions - 32)
    assert two["asked pair"] == labels * (2 * 3_000 * 2 * windows + 2 * 3_000 * windows)
    assert two["further bar"] == (labels - 1) * part.paths * part.sessions * 2
    assert compared_windows(plan, 1, 3_000)["asked pair"] == labels * 3_000 * windows
    # A long history has fewer synthetic windows compared with it: pairs are bounded.
    bounded = compared_windows(plan, 1, 10_000_000)
    assert bounded["asked pair"] == pytest.approx(labels * 2.5e9)
    assert bounded["turned pair"] == pytest.approx(labels * 2.5e9 / 4)


def test_every_body_has_its_costs() -> None:
    bodies = SECONDS["bodies"]
    for name in TABLE_GENERATORS:
        assert {name, f"{name} cell"} <= set(bodies)
    for name in EVENT_GENERATORS:
        assert {name, f"{name} row", f"{name} entity"} <= set(bodies)
    parts = [set(units) for name, units in SECONDS.items() if name != "bodies"]
    assert not any(set(bodies) & units for units in parts)


@pytest.mark.parametrize(
    "change",
    [{"tape": replace(TAPE, rows=20_000)}, {"tape": replace(TAPE, columns=30)}, {"buckets": 90},
     {"defaults": 0.2}, {"tried": 0.5}],
)  # fmt: skip
def test_a_book_costs_more_with_rows_columns_and_defaults(
    plan: Plan, change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    more = seconds(plan, sized(plan, **change), "credit", monkeypatch)  # type: ignore[arg-type]
    assert more > 1.005 * seconds(plan, sized(plan), "credit", monkeypatch)


def test_judging_a_book_follows_its_cells_as_far_as_metrics_look(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cost(tape: Learned, other: Plan | None = None) -> float:
        return seconds(other or judged(plan), sized(plan, tape), "evidence", monkeypatch)

    sizes = [cost(replace(TAPE, rows=rows)) for rows in (1_000, 10_000, 50_000, 500_000)]
    assert sizes[0] < sizes[1] < sizes[2] == sizes[3]  # no metric of a book takes more than 50,000 rows
    assert cost(replace(TAPE, has_outcome=False)) < cost(TAPE)
    assert cost(TAPE, changed(judged(plan), "evaluation", bootstrap=1_000)) > cost(TAPE) + 1.0
    cells = [
        cost_prediction.units(changed(judged(plan), "evaluation", bootstrap=count), sized(plan), 3_000, 1)[
            "evidence"
        ]["resampled cell"]
        for count in (100, 1_000)
    ]
    assert cells[1] == 10.0 * cells[0] == 1_000.0 * (10_000 + 5_000) * 20
    kept = changed(judged(plan), "credit", keep=True)
    assert cost(TAPE, kept) < cost(TAPE) - 2.0


def test_the_generator_of_loans_counts(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    cost = {
        name: seconds(
            changed(plan, "credit", generator=LoanGenerator(name=name)), sized(plan), "credit", monkeypatch
        )
        for name in TABLE_GENERATORS
    }
    assert cost["resample_rows"] < cost["copula"] < cost["bayes"] < cost["tabular"]
    few = changed(plan, "credit", generator=LoanGenerator(name="tabular", steps=100))
    assert seconds(few, sized(plan), "credit", monkeypatch) < cost["tabular"] - 10.0


def test_learned_payments_cost_their_fit_their_sample_and_their_judges(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cost(part: str, ledger: Learned | None, **keys: object) -> float:
        other = changed(judged(plan), "transactions", **keys)
        return seconds(other, sized(plan, ledger=ledger), part, monkeypatch)

    for part in ("transactions", "evidence"):
        own = cost(part, LEDGER, body=PaymentBody(name="habits"))
        assert own > cost(part, None)
        for change in ({"rows": 200_000}, {"entities": 20_000}, {"links": 60_000}):
            assert cost(part, replace(LEDGER, **change), body=PaymentBody(name="habits")) > own  # type: ignore[arg-type]
    named = {name: cost("transactions", LEDGER, body=PaymentBody(name=name)) for name in EVENT_GENERATORS}
    assert named["resample"] < named["habits"] < named["events"]
    free = changed(plan, "transactions", body=None)
    work = cost_prediction.units(free, sized(plan, ledger=LEDGER), 3_000, 1)["transactions"]
    assert (work["habits"], work["events"]) == (2.0, 1.0)  # both are fitted, and the better one once more
    assert work["habits row"] == 2.0 * LEDGER.rows
    short = cost("transactions", LEDGER, body=PaymentBody(name="events", steps=10))
    assert short < named["events"] - 10.0


def test_a_swap_of_links_takes_longer_in_a_large_ledger() -> None:
    """Nanoseconds a swap, as measured on ledgers of three sizes, within a sixth."""
    unit = SECONDS["bodies"]["habits swap"]
    for links, measured in ((41_581, 75.1e-9), (83_250, 92.0e-9), (166_392, 133.8e-9)):
        assert unit * slowness(links) == pytest.approx(measured, rel=1 / 6)
    assert slowness(10**8) == slowness(225_000) < 2.0
