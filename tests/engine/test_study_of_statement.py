"""A study of a bank statement: shops by name, transfers by account, both sides of a transfer one payment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bank_statement import COUNT, DAYS, second_sides, statement, written

from finsim.engine.finished_run import Run
from finsim.engine.learned_payments.learned_population import entity_kinds, known_of
from finsim.engine.learned_payments.learned_world import training_facts
from finsim.engine.learned_payments.ledger_summary import ledger_summary
from finsim.engine.learned_payments.life_orders import Places, life_orders
from finsim.engine.learned_payments.scenario_moves import readable
from finsim.engine.learned_payments.story_money import StoryMoney
from finsim.engine.learned_payments.training_ledger import PaymentLedger, payment_ledger
from finsim.engine.planning.plan_summary import describe
from finsim.engine.run import run
from finsim.engine.study.study_file import Study, study_of
from finsim.engine.study.study_resolution import resolve

ENTITIES, SHOPS, FRIENDS = 200, 28, 27
STORIES = ("card_testing_escalation", "app_scam_mule_chain")


def _study(folder: Path, **keys: Any) -> Study:
    part = {
        "data": "s.csv", "schema": "s.yaml", "body": "habits", "entities": ENTITIES, "days": DAYS,
        "narratives": [{"name": name, "count": 4} for name in STORIES], **keys,
    }  # fmt: skip
    return study_of(
        {"id": "bank", "seed": 3, "start": "2024-01-01", "transactions": part, "scenarios": ["base"],
         "evaluation": {"enabled": False}}, folder,
    )  # fmt: skip


def _ledger(folder: Path) -> PaymentLedger:
    part = _study(folder).transactions
    assert part is not None
    return payment_ledger(part)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return statement()


@pytest.fixture(scope="module")
def folder(table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("statement")
    written(found, table)
    return found


@pytest.fixture(scope="module")
def finished(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(_study(folder), output=tmp_path_factory.mktemp("bank") / "run")


@pytest.fixture(scope="module")
def rows(finished: Run) -> pd.DataFrame:
    """Payments with the kind of both accounts."""
    found = finished.transactions.to_pandas(money="units")
    kind = finished.transactions.accounts.to_pandas().set_index("account_id")["kind"].astype(str)
    for side in ("from", "to"):
        found[f"{side}_outside"] = (kind.reindex(found[f"{side}_account"]) == "external").to_numpy()
    return found


def test_names_without_an_account_are_shops_and_accounts_are_not(folder: Path) -> None:
    ledger = _ledger(folder)
    named = [word for word, is_shop in zip(ledger.outside, ledger.shops, strict=True) if is_shop]
    assert {word[1:4] for word in named} == {"SHO", "UTI"}
    assert (len(named), (~ledger.shops).sum()) == (SHOPS, FRIENDS)
    assert ledger.has_shops
    assert ledger.has_transfers
    told = ledger_summary(ledger, {}, {})
    assert told["merchants"] == SHOPS
    assert told["layout"] == "accounts that pay accounts, and merchants that have a name alone"
    assert (told["roles"]["partner"], told["roles"]["name"]) == ("Other Account", "Payee")
    assert "Payee" not in told["no_role"]
    assert {"spend:all", "spend:transfer"} <= readable(ledger)


@pytest.mark.parametrize("wait", [240, 100_000])
def test_the_ledgers_own_payments_are_counted_once(tmp_path: Path, wait: int) -> None:
    """Times of a second side are those of the first here, or a day later: pairs are known beside."""
    made = statement(wait=wait)
    written(tmp_path, made)
    ledger = _ledger(tmp_path)
    _, pairs = second_sides(made)
    assert ledger.pairs is not None
    assert len(ledger.pairs.two) >= 0.95 * len(pairs)
    orders = life_orders(ledger.log, ledger, Places.of(ledger, COUNT), 0)
    assert len(orders) == len(made) - len(ledger.pairs.two)
    inside = (orders.payer < COUNT) & (orders.payee < COUNT)
    assert inside.sum() == pytest.approx(made["Other Account"].isin(set(made["Account"])).sum() / 2, rel=0.05)
    outside = made[~made["Other Account"].isin(set(made["Account"]))]
    facts = training_facts(ledger)
    for moved, sums in ((facts.sum_out, outside["Amount"] > 0), (facts.sum_in, outside["Amount"] < 0)):
        assert moved[COUNT:].sum() / 100 == pytest.approx(outside.loc[sums, "Amount"].abs().sum(), abs=0.01)
    at_shop = orders.merchant >= 0
    assert at_shop.sum() == (made["Other Account"] == "").sum()
    assert (orders.payee[at_shop] >= COUNT).all()
    assert orders.merchant.max() < SHOPS


def test_models_that_learn_both_sides_apart_pay_once(table: pd.DataFrame, folder: Path) -> None:
    """A sample without turned rows does not say which rows are one payment: first sides are counted."""
    ledger = _ledger(folder)
    orders = life_orders(replace(ledger.log), ledger, Places.of(ledger, COUNT), 0)
    second = table["Other Account"].isin(set(table["Account"])) & (table["Amount"] > 0)
    assert len(orders) == len(table) - second.sum()


def test_counterparties_that_a_model_makes_anew_are_learned_ones_of_one_entity(tmp_path: Path) -> None:
    """Where payees are no entities a sample has words behind the learned ones: a name, and an account."""
    made = statement()
    made["Other Account"] = made["Other Account"].where(
        made["Other Account"] == "", "X" + made["Other Account"]
    )
    made.loc[[0, 1], ["Payee", "Other Account"]] = ["ONCE", ""]
    made.loc[2, "Other Account"] = "X99"
    written(tmp_path, made)
    ledger = _ledger(tmp_path)
    partner, known = str(ledger.log.roles.partner), len(ledger.outside)
    column = ledger.log.events[partner]
    codes = column.values.copy()
    codes[:3] = [known, known + 1, known + 2]
    words = (*column.words, "\x1fNEW", "X100", "\x1fNEWER")
    events = ledger.log.events.with_columns({partner: replace(column, values=codes, words=words)})
    orders = life_orders(replace(ledger.log, events=events), ledger, Places.of(ledger, COUNT), 0)
    alone = {word: k + COUNT for k, word in enumerate(ledger.outside) if word in ("\x1fONCE", "X99")}
    got = np.where(orders.payer < COUNT, orders.payee, orders.payer)[:3].tolist()
    assert [got[0], got[2]] == [alone["\x1fONCE"]] * 2
    assert got[1] >= COUNT
    assert not ledger.shops[got[1] - COUNT]
    assert (orders.merchant[:3] >= 0).tolist() == [True, False, True]


def test_signs_and_words_of_direction_say_the_same(table: pd.DataFrame, tmp_path: Path) -> None:
    places = []
    for name in ("signs", "words"):
        folder = tmp_path / name
        folder.mkdir()
        made = table.copy()
        written(folder, made)
        if name == "words":
            file = pd.read_csv(folder / "s.csv", dtype=str)
            file["Way"] = ["debit" if text.startswith("-") else "credit" for text in file["Amount"]]
            file["Amount"] = file["Amount"].str.lstrip("-")
            file.to_csv(folder / "s.csv", index=False)
            schema = folder / "s.yaml"
            schema.write_text(schema.read_text() + "  Way: {type: cat, role: direction}\n")
        ledger = _ledger(folder)
        orders = life_orders(ledger.log, ledger, Places.of(ledger, COUNT), 0)
        places.append((orders.payer.tolist(), orders.payee.tolist(), orders.merchant.tolist()))
    assert places[0] == places[1]


def test_shops_have_categories_and_transfers_purposes(table: pd.DataFrame, tmp_path: Path) -> None:
    written(tmp_path, table)
    file = pd.read_csv(tmp_path / "s.csv", dtype=str)
    sold = {f"SHOP {k}": ("groceries", "travel")[k % 2] for k in range(25)}
    file["What"] = file["Payee"].map(sold).fillna("salary").where(file["Type"] != "FPI", "family")
    file.to_csv(tmp_path / "s.csv", index=False)
    schema = tmp_path / "s.yaml"
    schema.write_text(schema.read_text() + "  What: {type: cat, role: category}\n")
    ledger = _ledger(tmp_path)
    known = _codes_by_word(ledger)
    assert {known["SHOP 4"], known["SHOP 8"]} == {known["SHOP 0"]}
    assert known["SHOP 1"] not in (known["SHOP 0"], -1)
    assert {"salary", "family"} <= ledger.words.purposes
    orders = life_orders(ledger.log, ledger, Places.of(ledger, COUNT), 0)
    assert not set(orders.purpose[orders.merchant < 0]) & {known["SHOP 0"], known["SHOP 1"]}


def _codes_by_word(ledger: PaymentLedger) -> dict[str, int]:
    words = [word.lstrip("\x1f") for word in ledger.outside]
    return dict(zip(words, ledger.words.category.tolist(), strict=True))


def test_who_is_known_can_play_cards_and_accounts(folder: Path) -> None:
    ledger = _ledger(folder)
    facts = training_facts(ledger)
    known = known_of(facts, ledger)
    assert known.shops
    assert {"merchant", "person"} <= known.outside_paid
    assert "person" in known.outside_pays  # wages
    assert not known.shops_pay
    kinds = entity_kinds(facts, ledger)
    assert 0 < (kinds == kinds[0]).mean() < 1
    money = StoryMoney.of(facts, ledger)
    assert 2_000 < money.middle < 10_800
    told = describe(resolve(_study(folder)))
    assert {one.narrative for one in told.schemes} == set(STORIES)
    own = statement()
    ordinary = (len(own) - len(second_sides(own)[1])) / COUNT * ENTITIES
    assert told.rows["transactions"]["base"] == pytest.approx(ordinary, rel=0.1)


def test_both_sorts_of_narratives_run_in_one_study(rows: pd.DataFrame) -> None:
    told = rows[rows["narrative"].notna()]
    assert set(told["narrative"]) == set(STORIES)
    cards = told[told["narrative"] == STORIES[0]]
    assert (cards["merchant_id"] >= 0).all()
    assert not cards["from_outside"].any()
    chain = told[told["narrative"] == STORIES[1]]
    assert (chain.loc[chain["merchant_id"] < 0, "merchant_id"].count()) > 0
    assert (~chain["from_outside"] & ~chain["to_outside"]).any()


def test_new_payments_are_as_many_as_the_ledgers(rows: pd.DataFrame, table: pd.DataFrame) -> None:
    own = rows[rows["narrative"].isna()]
    _, pairs = second_sides(table)
    assert len(own) / ENTITIES == pytest.approx((len(table) - len(pairs)) / COUNT, rel=0.1)
    real = table[table["Other Account"].isin(set(table["Account"])) & (table["Amount"] < 0)]
    inside = ~own["from_outside"] & ~own["to_outside"]
    assert inside.sum() / ENTITIES == pytest.approx(len(real) / COUNT, rel=0.25)
    bought = (table["Other Account"] == "").sum() / COUNT
    assert (own["merchant_id"] >= 0).sum() / ENTITIES == pytest.approx(bought, rel=0.1)
    wages = table[(table["Amount"] > 0) & ~table["Other Account"].isin(set(table["Account"]))]
    come = own.loc[own["from_outside"], "amount"].sum() / ENTITIES
    assert come == pytest.approx(wages["Amount"].sum() / COUNT, rel=0.15)


def test_shops_and_accounts_are_different_parties(rows: pd.DataFrame) -> None:
    own = rows[rows["narrative"].isna()]
    sold, moved = own[own["merchant_id"] >= 0], own[own["merchant_id"] < 0]
    assert sold["to_outside"].all()
    assert (sold.groupby("merchant_id")["to_account"].nunique() == 1).all()
    assert 20 <= sold["merchant_id"].nunique() <= SHOPS
    assert not set(sold["to_account"]) & (set(moved["to_account"]) | set(moved["from_account"]))
    assert not (moved["from_outside"] & moved["to_outside"]).any()


def test_every_cent_is_kept(finished: Run) -> None:
    posted = finished.transactions.rows.to_pandas().query("status == 'posted'")
    opening = finished.transactions.accounts.to_pandas().set_index("account_id")["opening_balance"]
    moved = posted.groupby("to_account")["amount"].sum().sub(
        posted.groupby("from_account")["amount"].sum(), fill_value=0
    )  # fmt: skip
    last = pd.concat([
        posted[["tx_id", "from_account", "from_balance_after"]].set_axis(["tx", "who", "left"], axis=1),
        posted[["tx_id", "to_account", "to_balance_after"]].set_axis(["tx", "who", "left"], axis=1),
    ]).sort_values("tx").groupby("who")["left"].last()  # fmt: skip
    assert moved.sum() == 0
    assert (last == opening.reindex(last.index) + moved.reindex(last.index)).all()
