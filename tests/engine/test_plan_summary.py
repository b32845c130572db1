"""What a plan says of a study: its data, its rows, its schemes and its cost; counts are held to a run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from finsim.engine.answers.unread_drivers import unread_variables
from finsim.engine.finished_run import Run
from finsim.engine.planning import cost_prediction
from finsim.engine.planning.loan_cost_sample import LoanWork
from finsim.engine.planning.plan_summary import TOO_FEW, PlanSummary, describe
from finsim.engine.planning.scheme_forecast import forecast_schemes
from finsim.engine.planning.work_sizes import work_sizes
from finsim.engine.study.study_file import Study, load_study
from finsim.engine.study.study_resolution import Plan, resolve

pytestmark = pytest.mark.sweep


@pytest.fixture(scope="module")
def plan(tiny: Study) -> Plan:
    return resolve(tiny)


@pytest.fixture(scope="module")
def summary(plan: Plan) -> PlanSummary:
    return describe(plan)


def people(**keys: object) -> Plan:
    part = {"accounts": 2_000, "days": 60, **keys}
    return resolve(Study.model_validate({"finsim": "study/1", "id": "s", "transactions": part}))


def test_rows_are_those_of_the_run(summary: PlanSummary, finished: Run) -> None:
    written = {
        (Path(item["path"]).stem, label): item["rows"]
        for item in finished.manifest["outputs"]
        if not item["path"].startswith("drivers/")
        for label in finished.scenarios
        if label in Path(item["path"]).parts or f"scenario={label}" in Path(item["path"]).parts
    }
    exact, near = (
        ("bars", "loans", "losses"),
        {"transactions": 0.03, "months": 0.05, "accounts": 0.25, "provisions": 0.1},
    )
    for table, counts in summary.rows.items():
        for label, count in counts.items():
            found = written[table, label]
            if table in exact:
                assert count == found, (table, label)
            elif table in near:
                assert abs(count - found) <= near[table] * found, (table, label)


def test_schemes_and_illicit_rows_are_near_those_of_the_run(summary: PlanSummary, finished: Run) -> None:
    for label in finished.scenarios:
        counts = finished.manifest["scores"]["facts"][f"transactions/{label}"]["counts"]
        assert abs(summary.illicit_rows[label] - counts["illicit"]) <= 0.3 * counts["illicit"], label
        patterns = finished.transactions_of(label).patterns["narrative"].to_pylist()
        for one in (each for each in summary.schemes if each.scenario == label):
            assert one.schemes == patterns.count(one.narrative), (label, one.narrative)
            assert one.illicit_rows == 0 if one.decoy else one.illicit_rows > 0


def test_a_thinned_forecast_is_near_the_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from finsim.engine.planning import scheme_forecast

    chosen = [{"name": "account_takeover", "rate": 2.0}, {"name": "app_scam_mule_chain", "count": 400}]
    plan = people(narratives=chosen)
    thinned = forecast_schemes(plan)
    monkeypatch.setattr(scheme_forecast, "PLANNED_SCHEMES", 10**6)
    for few, whole in zip(thinned, forecast_schemes(plan), strict=True):
        assert few.schemes == pytest.approx(whole.schemes, rel=0.15)
        assert few.illicit_rows == pytest.approx(whole.illicit_rows, rel=0.2)


def test_a_large_world_is_forecast_from_a_smaller_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from finsim.engine.planning import scheme_forecast

    chosen = [{"name": "account_takeover", "rate": 0.5}, {"name": "app_scam_mule_chain", "count": 120}]
    plan = people(narratives=chosen)
    whole = forecast_schemes(plan)
    monkeypatch.setattr(scheme_forecast, "LARGEST_WORLD", 1_000)
    for small, one in zip(forecast_schemes(plan), whole, strict=True):
        assert small.schemes == pytest.approx(one.schemes, rel=0.15)
        assert small.illicit_rows == pytest.approx(one.illicit_rows, rel=0.3)


def test_payments_of_a_few_accounts_stand_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    from finsim.engine.planning import payment_forecast

    plan = people()
    few = payment_forecast.forecast_payments(plan)
    monkeypatch.setattr(payment_forecast, "SAMPLED_ACCOUNT_DAYS", 10**6)
    whole = payment_forecast.forecast_payments(plan)
    assert few is not None
    assert whole is not None
    assert few != whole
    assert few.rows["base"] == pytest.approx(whole.rows["base"], rel=0.05)
    assert few.accounts == pytest.approx(whole.accounts, rel=0.1)


def test_the_intensity_of_a_scenario_counts(summary: PlanSummary) -> None:
    assert summary.illicit_rows["fraud-wave-mule-surge"] > summary.illicit_rows["base"]
    assert summary.illicit_rows["dfast-severely-adverse-2026"] == summary.illicit_rows["base"]


def test_too_few_schemes_are_said_and_enough_are_not() -> None:
    few = describe(people(narratives=[{"name": "account_takeover", "count": 3}]))
    many = describe(people(narratives=[{"name": "account_takeover", "count": 120}]))
    assert TOO_FEW in few.to_text()
    assert TOO_FEW not in many.to_text()
    assert [few.schemes[0].is_too_few, many.schemes[0].is_too_few] == [True, False]
    benign = describe(people(narratives=[{"name": "payroll_fan_out", "count": 3}]))
    assert TOO_FEW not in benign.to_text()


def test_the_facts_of_the_data_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    days = [f"2020-{m:02}-{d:02},{50 + d + m}" for m in range(1, 13) for d in range(1, 29)]
    (tmp_path / "mine.csv").write_text("\n".join(["date,close", *days]) + "\n")
    study = (
        "finsim: study/1\nid: s\nstart: 2025-12-31\n"
        "market: {data: mine.csv, generator: {name: bootstrap}, paths: 2, sessions: 40}\n"
    )
    (tmp_path / "my study.yaml").write_text(study)
    lines = describe(resolve(load_study("my study.yaml"))).to_text().splitlines()
    assert "assets 1: mine (2020-01-01 to 2020-12-28, 336 rows)" in lines
    gap = next(line for line in lines if line.startswith("gap"))
    assert "1,829 days (5.0 years) before the jump-off day 2025-12-31" in gap
    assert "warning    evaluation: paths of fewer than 64 sessions are not judged" in lines
    assert lines[-1] == "next: finsim run 'my study.yaml'"


def test_text_and_data_say_the_same(summary: PlanSummary, plan: Plan) -> None:
    text, data = summary.to_text(), summary.to_dict()
    assert str(summary) == text
    assert len(repr(summary).splitlines()) <= 12
    assert len(repr(summary)) <= 600
    assert f"about {summary.cost.cpu_seconds:,.0f} CPU seconds" in repr(summary)
    assert len(text.splitlines()) <= 43  # the features of the tape, by name, take some
    assert all(one["header"] in text for one in data["tape"]["columns"])
    assert max(len(line) for line in text.splitlines()) <= 118
    assert json.loads(json.dumps(data)) == data
    assert data["study_sha256"] == plan.study.digest
    assert data["study_sha256"] in text
    assert f"about {summary.cost.cpu_seconds:,.0f} CPU seconds" in text
    assert data["cost"]["cpu_seconds"] == round(sum(summary.cost.parts.values()), 1)
    assert f"{summary.rows['bars']['base']:,}" in text
    assert "accounts 1,200: 3 banks, 40 days from 2026-01-01 (amounts in USD)" in text
    assert "loans 1,000: shipped:german_credit.csv.gz (amounts in EUR)" in text
    assert data["next"] == "finsim run tiny"
    assert set(data["inputs"]) == set(plan.inputs)


def test_a_cost_grows_with_every_size(
    plan: Plan, summary: PlanSummary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost_prediction, "machine_factor", lambda: 1.0)  # no clock decides

    def cost(**parts: dict[str, object]) -> cost_prediction.Cost:
        changed = {name: getattr(plan.study, name).model_copy(update=part) for name, part in parts.items()}
        study = plan.study.model_copy(update=changed)
        larger = replace(plan, study=study)
        loans = dict.fromkeys(plan.scenarios, LoanWork(10.0, 20, 0.02, 0.0))
        payments = summary.sizes.payments
        assert payments is not None
        accounts = study.transactions.accounts if study.transactions else 0
        rows = {name: count * accounts // 1200 for name, count in payments.rows.items()}
        sizes = work_sizes(larger, loans, 2, replace(payments, rows=rows), summary.schemes)
        return cost_prediction.predict(larger, sizes, 3_270)

    base = cost()
    for world, key, value in (
        ("market", "paths", 600),
        ("market", "sessions", 9_000),
        ("transactions", "accounts", 40_000),
        ("credit", "loans", 90_000),
        ("credit", "draws", 500_000),
        ("evaluation", "enabled", True),
    ):
        larger = cost(**{world: {key: value}})
        assert larger.cpu_seconds > base.cpu_seconds, key
        assert larger.disk >= base.disk, key
        assert larger.memory >= base.memory, key
    generator = plan.study.market.generator if plan.study.market else None
    assert generator
    flow = [
        cost(market={"generator": generator.model_copy(update={"name": "flow", "steps": steps})})
        for steps in (100, 400)
    ]
    assert base.cpu_seconds < flow[0].cpu_seconds < flow[1].cpu_seconds


def test_macro_variables_without_a_reader_are_said(tmp_path: Path) -> None:
    scenario = (
        "finsim: scenario/1\nid: oil\ntitle: oil\nkind: hypothetical\nextends: base\n"
        "horizon: {length: 4, step: quarter}\nsource: [{what: all, ref: ours}]\n"
        "macro: {oil_price: {unit: pct, as: cum_return, path: [10, 20, 30, 40]},\n"
        "        unemployment: {unit: pp, as: delta, path: [1, 2, 3, 3]}}\n"
    )
    (tmp_path / "oil.yaml").write_text(scenario)
    oil = tmp_path / "oil.yaml"
    head = f"finsim: study/1\nid: s\nscenarios: [base, {oil}]\nevaluation: {{enabled: false}}\n"
    loans = "credit: {data: german_credit, loans: 200, months: 12, draws: 5000}\n"
    prices = "market: {data: wiki_aapl_ibm_2000_2013, generator: {name: bootstrap}, paths: 2, sessions: 99}\n"
    said = "no world of this study reads macro oil_price"
    for part, unread in ((loans, said), (prices, f"{said}, unemployment"), (prices + loans, said)):
        (tmp_path / "s.yaml").write_text(head + part)
        assert unread_variables(resolve(load_study(str(tmp_path / "s.yaml")))) == unread
