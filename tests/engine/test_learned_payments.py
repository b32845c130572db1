"""Payments learned from a ledger in a study, on small made ledgers of three forms."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from finsim.engine.finished_run import Run
from finsim.engine.learned_payments.training_ledger import payment_ledger
from finsim.engine.planning.plan_summary import describe
from finsim.engine.run import Work, resume, run
from finsim.engine.stress import stress
from finsim.engine.study.study_file import Study, load_study, study_of
from finsim.engine.study.study_resolution import resolve
from finsim.errors import DataError, StudyError
from finsim.provenance.verify import compare_runs, verify_run
from finsim.records.run_layout import table_file

FIRST = pd.Timestamp("2025-01-01")
DAYS = 90


def _cards() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    shops = [f"M{k:03d}" for k in range(40)]
    sold = rng.choice(["groceries", "travel", "retail", "fuel"], len(shops))
    rows = []
    for card in range(60):
        own = rng.choice(len(shops), 6, replace=False)
        for day in range(DAYS):
            busy = 0.15 if (day + 2) % 7 >= 5 else 0.8  # 1 January 2025 is a Wednesday
            for _ in range(rng.poisson(busy)):
                shop = own[int(6 * rng.random() ** 2)]
                when = FIRST + pd.Timedelta(days=day, seconds=int(rng.integers(9, 19) * 3_600))
                amount = round(float(np.exp(rng.normal(3.5, 0.7))), 2)
                rows.append((f"C{card:04d}", when, amount, shops[shop], sold[shop]))
    return pd.DataFrame(rows, columns=["card_id", "time", "amount", "merchant", "category"])


def _accounts() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    rows = []
    for account in range(60):
        own = [other for other in rng.choice(60, 5, replace=False) if other != account]
        for day in range(DAYS):
            for _ in range(rng.poisson(0.5)):
                to = f"A{rng.choice(own):04d}" if rng.random() < 0.9 else f"X{rng.integers(15):03d}"
                when = FIRST + pd.Timedelta(days=day, seconds=int(rng.integers(8, 20) * 3_600))
                amount = round(float(np.exp(rng.normal(5, 1))), 2)
                how = rng.choice(["ach", "wire", "instant"])
                rows.append((when, f"A{account:04d}", to, amount, how, "EUR"))
    names = ["timestamp", "from_account", "to_account", "amount", "channel", "currency"]
    return pd.DataFrame(rows, columns=names)


def _statements() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows: list[tuple[Any, ...]] = []
    for account in range(60):
        for day in range(DAYS):
            when = (FIRST + pd.Timedelta(days=day)).date()
            if day % 30 == 0:
                rows.append((f"S{account:04d}", when, 2500.0, "credit", "salary"))
            for _ in range(rng.poisson(1) if account < 8 else 0):
                sold = round(float(np.exp(rng.normal(4, 1))), 2)
                how = "cash" if rng.random() < 0.2 else "invoice"
                rows.append((f"S{account:04d}", when, sold, "credit", how))
            for _ in range(rng.poisson(0.5)):
                amount = round(float(np.exp(rng.normal(3.5, 1))), 2)
                rows.append((f"S{account:04d}", when, amount, "debit", rng.choice(["rent", "cash", "tax"])))
    return pd.DataFrame(rows, columns=["account", "date", "amount", "direction", "purpose"])


MADE = {"cards": _cards, "accounts": _accounts, "statements": _statements}
STORY = {
    "cards": "card_testing_escalation", "accounts": "app_scam_mule_chain",
    "statements": "scatter_gather_structuring",
}  # fmt: skip


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ledgers")
    for name, made in MADE.items():
        made().to_csv(folder / f"{name}.csv", index=False)
    return folder


def _study(folder: Path, name: str, *scenarios: str, **keys: Any) -> Study:
    part = {
        "data": f"{name}.csv", "body": "habits", "entities": 300, "days": 40, "shard_accounts": 120,
        "slice_days": 15, "narratives": [{"name": STORY[name], "count": 4}], **keys,
    }  # fmt: skip
    data = {
        "id": name, "seed": 3, "transactions": part, "scenarios": list(scenarios or ("base",)),
        "evaluation": {"enabled": False},
    }  # fmt: skip
    return study_of(data, folder)


@pytest.fixture(scope="module")
def runs(ledgers: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("learned")
    return {name: run(_study(ledgers, name), output=folder / name) for name in MADE}


def _rows(finished: Run) -> pd.DataFrame:
    return finished.transactions.to_pandas(money="units")


@pytest.mark.parametrize("name", MADE)
def test_a_run_is_a_labelled_ledger_that_keeps_every_cent(runs: dict[str, Run], name: str) -> None:
    world = runs[name].transactions
    rows = world.rows.to_pandas()
    told = rows["narrative"].notna()
    assert set(rows.loc[told, "narrative"]) == {STORY[name]}
    assert not (rows["is_fraud"] | rows["is_laundering"])[~told].any()
    assert (rows["is_fraud"] | rows["is_laundering"])[told].any()
    assert (rows["_fs_src"] == np.where(told, 2, 1)).all()
    assert world.patterns.num_rows == 4
    posted = rows[rows["status"] == "posted"]
    opening = world.accounts.to_pandas().set_index("account_id")["opening_balance"]
    moved = posted.groupby("to_account")["amount"].sum().sub(
        posted.groupby("from_account")["amount"].sum(), fill_value=0
    )  # fmt: skip
    last = pd.concat([
        posted[["tx_id", "from_account", "from_balance_after"]].set_axis(["tx", "who", "left"], axis=1),
        posted[["tx_id", "to_account", "to_balance_after"]].set_axis(["tx", "who", "left"], axis=1),
    ]).sort_values("tx").groupby("who")["left"].last()  # fmt: skip
    assert moved.sum() == 0
    assert (last == opening.reindex(last.index) + moved.reindex(last.index)).all()


@pytest.mark.parametrize("name", MADE)
def test_ordinary_life_is_never_declined_without_stories(ledgers: Path, tmp_path: Path, name: str) -> None:
    quiet = run(_study(ledgers, name, narratives=[]), output=tmp_path / "quiet")
    assert (quiet.transactions.rows["status"].cast("string").to_pandas() == "posted").all()


@pytest.mark.parametrize("name", MADE)
def test_the_rules_of_payments_hold(runs: dict[str, Run], name: str) -> None:
    told = runs[name].manifest["rules"]["transactions/base"]
    assert "payer_can_pay" in json.dumps(told)
    broken = [one for one in _hard(told) if one["breaches"]]
    assert not broken


def _hard(told: Any) -> list[dict[str, Any]]:
    """Return every rule of a report that says its level, hard ones only."""
    if isinstance(told, dict):
        mine = [told] if told.get("level") == "hard" and "breaches" in told else []
        return mine + [one for value in told.values() for one in _hard(value)]
    return [one for value in told for one in _hard(value)] if isinstance(told, list) else []


def test_ordinary_rows_look_like_the_ledger(runs: dict[str, Run], ledgers: Path) -> None:
    own = _rows(runs["cards"])
    own = own[own["narrative"].isna()]
    real = pd.read_csv(ledgers / "cards.csv", parse_dates=["time"])
    for share in (0.25, 0.5, 0.75):
        assert own["amount"].quantile(share) == pytest.approx(real["amount"].quantile(share), rel=0.15)
    weekend = [side.dt.day_of_week.ge(5).mean() for side in (own["ts"], real["time"])]
    assert weekend[1] < 0.1
    assert weekend[0] == pytest.approx(weekend[1], abs=0.06)
    assert own["ts"].dt.hour.between(8, 19).mean() > 0.95
    rate = len(own) / 300 / 40
    assert rate == pytest.approx(len(real) / 60 / DAYS, rel=0.2)
    assert set(own["category"]) <= {"groceries", "travel", "retail", "fuel"}


@pytest.mark.parametrize("start", ["2025-12-31", "2025-08-14", "2024-05-06"])
def test_weekdays_of_copied_entities_are_kept(ledgers: Path, tmp_path: Path, start: str) -> None:
    study = _study(ledgers, "cards", body="resample", days=42, narratives=[])
    moved = study.model_copy(update={"start": date.fromisoformat(start)})
    own = _rows(run(moved, output=tmp_path / "r"))
    share = own["ts"].dt.day_of_week.value_counts(normalize=True).reindex(range(7)).to_numpy()
    assert own["ts"].min() >= pd.Timestamp(start, tz="UTC") + pd.Timedelta(days=1)
    assert share[5:].max() < 0.5 * share[:5].min()  # a day too early or late makes a weekend busy


def test_direction_says_who_pays(ledgers: Path, tmp_path: Path) -> None:
    copied = run(_study(ledgers, "statements", body="resample", narratives=[]), output=tmp_path / "r")
    own, accounts = _rows(copied), copied.transactions.accounts.to_pandas()
    kinds = accounts.set_index("account_id")["kind"]
    received = own["purpose"].isin(["salary", "invoice"])
    assert 0 < received.mean() < 1
    assert (kinds.reindex(own.loc[received, "from_account"]) == "external").all()
    assert (kinds.reindex(own.loc[received, "to_account"]) != "external").all()
    paid = own["purpose"].isin(["rent", "tax"])
    assert (kinds.reindex(own.loc[paid, "to_account"]) == "external").all()
    cash = kinds.reindex(own.loc[own["purpose"] == "cash", "to_account"]) == "external"
    assert 0 < cash.mean() < 1  # it comes and goes


def test_stories_in_a_ledger_of_days_have_no_hours(runs: dict[str, Run]) -> None:
    rows = _rows(runs["statements"])
    assert (rows["ts"] == rows["ts"].dt.normalize()).all()


def test_currency_and_channels_are_those_of_the_ledger(runs: dict[str, Run]) -> None:
    rows = _rows(runs["accounts"])
    assert set(rows["currency"]) == {"EUR"}
    assert set(rows["channel"]) <= {"ach", "wire", "instant"}
    assert set(_rows(runs["cards"])["channel"]) == {"card_present"}  # stories too: it would tell them


def _digest(finished: Run, table: str = "transactions") -> str:
    file = table_file(finished.path, table, finished.scenarios[0])
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_bytes_do_not_depend_on_workers_or_a_stop(
    runs: dict[str, Run], ledgers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = runs["accounts"].path
    two = run(_study(ledgers, "accounts"), output=tmp_path / "two", work=Work(2))
    assert compare_runs(first, two.path).identical

    def stop(stage: str, done: int, total: int) -> None:
        if "ordinary" in stage and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(_study(ledgers, "accounts"), output=tmp_path / "stopped", progress=stop)
    assert compare_runs(first, resume(tmp_path / "stopped").path).identical
    assert verify_run(tmp_path / "stopped").ok


def test_entities_do_not_depend_on_the_shard(ledgers: Path, tmp_path: Path, runs: dict[str, Run]) -> None:
    other = run(_study(ledgers, "cards", shard_accounts=300), output=tmp_path / "one")
    columns = ["ts", "amount", "from_account", "to_account"]
    sides = [
        _rows(one)[_rows(one)["narrative"].isna()][columns].sort_values(columns).reset_index(drop=True)
        for one in (runs["cards"], other)
    ]
    pd.testing.assert_frame_equal(*sides)


def test_a_scenario_moves_what_the_ledger_has(ledgers: Path, tmp_path: Path) -> None:
    name = str(_scenario(tmp_path))
    both = run(_study(ledgers, "cards", "base", name), output=tmp_path / "both")
    label = next(one for one in both.scenarios if one != "base")
    rows = [_of(both, one) for one in ("base", label)]
    ordinary = [one[one["narrative"].isna()] for one in rows]
    travel = [one["category"].eq("travel").sum() for one in ordinary]
    food = [one["category"].eq("groceries").sum() for one in ordinary]
    assert travel[1] == pytest.approx(0.4 * travel[0], rel=0.2)
    assert food[1] == pytest.approx(1.5 * food[0], rel=0.15)
    retail = [set(one.loc[one["category"].eq("retail"), "order_id"]) for one in ordinary]
    assert retail[0] == retail[1]


def _of(finished: Run, label: str) -> pd.DataFrame:
    return finished.transactions_of(label).to_pandas(money="units")


def _scenario(folder: Path) -> Path:
    file = folder / "less-travel.yaml"
    file.write_text(
        "finsim: scenario/1\nid: less-travel\ntitle: Less travel\nkind: behavioural\nextends: base\n"
        "horizon: {length: 26, step: week}\nprobability: {weight: 0.05, basis: judgement}\n"
        "behaviour:\n  spend_mult: {travel: 0.4, groceries: 1.5}\n  channel_shift: {wire: 0.5}\n"
        "  assumption: made for a test\n",
        encoding="utf-8",
    )
    return file


def test_the_plan_names_what_has_no_reader(ledgers: Path, tmp_path: Path) -> None:
    told = describe(resolve(_study(ledgers, "cards", "base", str(_scenario(tmp_path)))))
    text = " ".join(told.warnings["transactions"])
    assert "channel:wire" in text
    assert "spend:travel" not in text
    assert "opening balances are in no ledger" in text
    assert "entities 300" in told.to_text()
    assert "cards.csv" in told.to_text()


def test_stress_uses_the_fitted_model_again(runs: dict[str, Run], tmp_path: Path) -> None:
    again = stress(runs["cards"], "fraud-wave-mule-surge", severity=0, output=tmp_path / "s")
    for table in ("transactions", "labels", "accounts", "patterns"):
        assert _digest(again, table) == _digest(runs["cards"], table)
    assert not {"customers", "merchants"} & set(again.tables)  # a ledger does not say who they are
    assert again.transactions.customers is None
    assert (again.path / "payments_model" / "model.json").read_bytes() == (
        runs["cards"].path / "payments_model" / "model.json"
    ).read_bytes()


def test_a_narrative_that_needs_what_the_ledger_lacks_is_refused(ledgers: Path, tmp_path: Path) -> None:
    study = _study(ledgers, "cards", narratives=["scatter_gather_structuring"])
    with pytest.raises(StudyError, match=r"scatter_gather_structuring.*this ledger does not know"):
        run(study, output=tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("factor", "said"), [(0.0, "every amount is 0"), (1e10, "amounts add up to")])
def test_amounts_that_move_nothing_or_too_much_are_refused_before_any_work(
    ledgers: Path, factor: float, said: str
) -> None:
    frame = pd.read_csv(ledgers / "accounts.csv")
    frame["amount"] = (frame["amount"] * factor).round(2)
    frame.to_csv(ledgers / "scaled.csv", index=False)
    STORY["scaled"] = "app_scam_mule_chain"
    with pytest.raises(DataError, match=said):
        resolve(_study(ledgers, "scaled"))


def test_several_currencies_are_refused_with_their_counts(ledgers: Path) -> None:
    frame = pd.read_csv(ledgers / "accounts.csv")
    frame.loc[:9, "currency"] = "USD"
    frame.to_csv(ledgers / "mixed.csv", index=False)
    STORY["mixed"] = "app_scam_mule_chain"
    with pytest.raises(DataError, match=r"EUR .* rows, USD 10 rows"):
        resolve(_study(ledgers, "mixed"))
    told = payment_ledger(_study(ledgers, "mixed", currency="EUR").transactions)
    assert (told.currency, told.log.events.rows) == ("EUR", len(frame) - 10)
    assert any("those in USD left out" in one for one in told.remarks)
    with pytest.raises(DataError, match="the ledger is in EUR"):
        resolve(_study(ledgers, "accounts", currency="GBP"))


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"accounts": 500}, "accounts with data"),
        ({"banks": 2}, "banks with data"),
        ({"body": "habbits"}, "habits"),
        ({"body": {"name": "habits", "settings": {"size": 3}}}, "size"),
        ({"entitys": 500}, "entities"),
        ({"data": "nothing.csv"}, "no data file"),
        ({"schema": "nothing.yaml"}, "no schema file"),
    ],
)
def test_wrong_keys_are_told(ledgers: Path, keys: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        resolve(_study(ledgers, "cards", **keys))


def test_keys_of_a_learned_ledger_need_data(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="entities without data"):
        study_of({"id": "x", "transactions": {"entities": 500}}, tmp_path)


@pytest.mark.parametrize(
    "keys", [{"entities": 310}, {"body": "resample"}, {"schema": "own.yaml"}, {"data": "less.csv"}]
)
def test_every_key_changes_bytes(
    ledgers: Path, tmp_path: Path, runs: dict[str, Run], keys: dict[str, Any]
) -> None:
    frame = pd.read_csv(ledgers / "cards.csv")
    frame.iloc[:-200].to_csv(ledgers / "less.csv", index=False)
    (ledgers / "own.yaml").write_text(
        "finsim: schema/1\nkind: payments\ncolumns:\n"
        "  card_id: {type: id, role: from_account}\n  time: {type: ts, role: date}\n"
        "  amount: {type: money, ccy: GBP, role: amount}\n  merchant: {type: cat, role: merchant}\n",
        encoding="utf-8",
    )
    other = run(_study(ledgers, "cards", **keys), output=tmp_path / "other")
    assert _digest(other) != _digest(runs["cards"])


def test_a_recorded_study_is_the_same_study(runs: dict[str, Run], ledgers: Path) -> None:
    told = runs["cards"].manifest["study"]["resolved"]["transactions"]
    assert not {"accounts", "banks"} & set(told)
    assert told["entities"] == 300
    model = runs["cards"].manifest["models"][0]
    assert model["generator"] == "habits"
    assert model["training"]["data"]["entities"] == 60
    assert load_study({**runs["cards"].manifest["study"]["resolved"]}).digest == (
        _study(ledgers, "cards").digest
    )


def test_shared_payments_have_lines_in_share(ledgers: Path, tmp_path: Path) -> None:
    study = _study(ledgers, "statements", narratives=[]).model_copy(
        update={"evaluation": _study(ledgers, "cards").evaluation.model_copy(update={"enabled": True})}
    )
    told = run(study, output=tmp_path / "judged").scorecard
    lines = [one for one in told.scores if one.table == "payments, base"]
    assert {"row_copies", "near_entities"} <= {one.metric for one in lines}
    likeness = {"event_two_sample", "entity_two_sample"}
    assert likeness <= {one.metric for one in lines}
    assert all(one.use == "share" for one in lines if one.metric not in likeness)
    unseen = [one for one in lines if one.metric in ("membership", "singling_out", *likeness)]
    assert unseen
    assert all("fitted again without a quarter" in one.note for one in unseen)
    assert any(one.value is not None for one in unseen)
    assert len([one for one in lines if one.metric == "near_entities"]) == 1
