"""What a plan and a page say of learned payments, and ledgers that have merchants beside accounts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_learned_payments import MADE, STORY, _rows, _scenario, _study

from finsim.engine.finished_run import Run
from finsim.engine.learned_payments.training_ledger import payment_ledger
from finsim.engine.planning.payment_forecast import forecast_payments
from finsim.engine.planning.plan_summary import describe
from finsim.engine.run import run
from finsim.engine.study.study_resolution import resolve
from finsim.errors import DataError
from finsim.report.page import page_text


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planned")
    for name, made in MADE.items():
        made().to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def runs(ledgers: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("runs")
    return {name: run(_study(ledgers, name), output=folder / name) for name in MADE}


@pytest.mark.parametrize("name", MADE)
def test_the_plan_predicts_the_rows(runs: dict[str, Run], ledgers: Path, name: str) -> None:
    told = describe(resolve(_study(ledgers, name)))
    rows = _rows(runs[name])
    assert told.rows["transactions"]["base"] == pytest.approx(len(rows), rel=0.15)
    illicit = (rows["is_fraud"] | rows["is_laundering"]).sum()
    chance = 2.5 * np.sqrt(illicit)  # of four schemes
    assert sum(one.illicit_rows for one in told.schemes) == pytest.approx(illicit, rel=0.25, abs=chance)


def test_the_plan_predicts_what_a_scenario_moves(ledgers: Path, tmp_path: Path) -> None:
    plan = resolve(_study(ledgers, "cards", "base", str(_scenario(tmp_path))))
    forecast = forecast_payments(plan)
    assert forecast is not None
    base, moved = forecast.rows["base"], forecast.rows["less-travel"]
    assert moved < 0.97 * base or moved > 1.03 * base
    finished = run(
        _study(ledgers, "cards", "base", str(_scenario(tmp_path)), narratives=[]), output=tmp_path / "r"
    )
    ratio = finished.transactions_of("less-travel").rows.num_rows / finished.transactions.rows.num_rows
    assert moved / base == pytest.approx(ratio, abs=0.05)


@pytest.mark.parametrize("name", MADE)
def test_every_day_has_its_share(runs: dict[str, Run], name: str) -> None:
    """No day has what lies behind the last one."""
    rows = _rows(runs[name])
    own = rows[rows["narrative"].isna()]
    days = (
        own.groupby((own["ts"] - own["ts"].min().normalize()).dt.days).size().reindex(range(40), fill_value=0)
    )
    usual = days[[39 - 7 * week for week in range(1, 5)]].mean()
    assert 0.4 * usual < days[39] < 1.8 * usual


def test_the_page_says_what_was_learned(runs: dict[str, Run]) -> None:
    page = page_text(runs["statements"].path)
    text = page[page.index('<section id="learned-payments"') :]
    text = text[: text.index("</section>")]
    assert "60 entities" in text
    assert "statements that know one account of each row" in text
    assert "assumption: opening balances are in no ledger" in text
    assert "Body: habits; the study names it" in text
    assert "phase &#39;spend&#39;: merchants" in text or "no word of the ledger" in text
    assert "<code>direction</code>" in text


def test_few_rows_that_go_to_a_merchant_and_no_account_are_refused(ledgers: Path) -> None:
    frame = pd.read_csv(ledgers / "accounts.csv")
    frame["Händler"] = np.where(np.arange(len(frame)) % 3 == 0, "M" + frame["to_account"].str[-2:], None)
    STORY["both"] = STORY["filled"] = STORY["few"] = "app_scam_mule_chain"
    frame.to_csv(ledgers / "filled.csv", index=False)
    told = payment_ledger(_study(ledgers, "filled").transactions)
    assert "Händler: every row has an account in to_account, so merchants are accounts" in told.remarks
    assert not told.has_shops
    few = frame.copy()
    few.loc[few["Händler"].notna() & (np.arange(len(few)) % 30 == 0), "to_account"] = None
    few.to_csv(ledgers / "few.csv", index=False)
    with pytest.raises(DataError, match=r"rows have a merchant in 'Händler' and no account in 'to_account'"):
        resolve(_study(ledgers, "few"))
    frame.loc[frame["Händler"].notna(), "to_account"] = None
    frame.to_csv(ledgers / "both.csv", index=False)
    assert payment_ledger(_study(ledgers, "both").transactions).shops.sum() == frame["Händler"].nunique()
