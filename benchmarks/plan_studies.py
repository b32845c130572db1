"""Studies whose cost `finsim plan` predicts and `finsim run` spends; called by ``plan_prediction.py``.

``FITTED``: what the constants of the prediction were fitted on. ``TESTED``: others of all three worlds.
``REAL``: loans, payments and prices of real and published data; those whose file is not there are left out.
Those of users are in ``plan_user_studies.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from plan_user_studies import LEDGERS, TUNED, UNSEEN, with_own_files

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
FRAUD = ["card_testing_escalation", "account_takeover", "app_scam_mule_chain", "scatter_gather_structuring"]
DECOYS = ["payroll_fan_out", "marketplace_gather_scatter"]
PRICES = "wiki_aapl_ibm_2000_2013"
OFF: dict[str, Any] = {"enabled": False}


def market(paths: int, sessions: int, generator: Any = "bootstrap", **keys: Any) -> dict[str, Any]:
    """Return a market part; ``generator`` is a name, or steps of the default one."""
    named = {"name": "daily_flow", "steps": generator} if isinstance(generator, int) else {"name": generator}
    return {"data": PRICES, "generator": named, "paths": paths, "sessions": sessions, **keys}


def people(accounts: int, days: int, narratives: Iterable[Any] = (*FRAUD, *DECOYS), **keys: Any) -> Any:
    """Return a transactions part."""
    return {"accounts": accounts, "days": days, "narratives": list(narratives), **keys}


def loans(count: int, months: int, draws: int, **keys: Any) -> dict[str, Any]:
    """Return a credit part."""
    return {"data": "german_credit", "loans": count, "months": months, "draws": draws, **keys}


def counts(**schemes: int) -> list[dict[str, Any]]:
    """Return narratives with an exact number of schemes."""
    return [{"name": name, "count": count} for name, count in schemes.items()]


WAVE, CRASH, ADVERSE = "fraud-wave-mule-surge", "gfc-2008", "dfast-severely-adverse-2026"
TESTED: dict[str, dict[str, Any]] = {
    "people-half-year": {
        "transactions": people(2_500, 180, [*FRAUD, *DECOYS]),
        "scenarios": ["base", "covid-2020"],
        "evaluation": OFF,
    },
    "people-judged": {
        "transactions": people(12_000, 45, shard_accounts=4_000),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 250, "judge_refits": 0},
    },
    "people-own-rates": {
        "transactions": people(6_000, 60, [{"name": "account_takeover", "rate": 0.4}, FRAUD[3]]),
        "scenarios": ["base", WAVE, "compound-downturn-fraud"],
        "evaluation": {"bootstrap": 60, "judge_refits": 0},
    },
    "paths-judged": {
        "market": market(90, 1_800),
        "scenarios": ["base", "black-monday-1987"],
        "evaluation": {"bootstrap": 300, "judge_refits": 0},
    },
    "paths-daily": {
        "market": market(45, 1_500, 250),
        "scenarios": ["base", CRASH, "covid-2020"],
        "evaluation": OFF,
    },
    "paths-daily-judges": {
        "market": market(40, 600, 350),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 100, "judge_refits": 1, "judge_iterations": 500},
    },
    "book": {
        "credit": loans(9_000, 60, 90_000),
        "scenarios": ["base", CRASH, ADVERSE, "covid-2020"],
        "evaluation": {"bootstrap": 200},
    },
    "book-kept": {
        "credit": {"data": "tape.csv", "keep": True, "months": 24, "draws": 300_000, "columns": "OWN"},
        "scenarios": ["base", CRASH],
        "evaluation": OFF,
    },
    "three-small": {
        "market": market(30, 750),
        "transactions": people(2_000, 45),
        "credit": loans(2_500, 36, 30_000),
        "scenarios": ["base", CRASH, WAVE],
        "evaluation": {"bootstrap": 100, "judge_refits": 1, "judge_iterations": 100},
    },
    "three-unjudged": {
        "market": market(100, 1_500),
        "transactions": people(9_000, 30),
        "credit": loans(8_000, 24, 80_000),
        "scenarios": ["base", ADVERSE, WAVE],
        "evaluation": OFF,
    },
}
FITTED: dict[str, dict[str, Any]] = {
    "f-people": {"transactions": people(2_000, 30), "scenarios": ["base"], "evaluation": OFF},
    "f-people-more": {"transactions": people(10_000, 45), "scenarios": ["base", WAVE], "evaluation": OFF},
    "f-people-judged": {
        "transactions": people(2_500, 30),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 200, "judge_refits": 0},
    },
    "f-people-judged-more": {
        "transactions": people(8_000, 60),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 50, "judge_refits": 0},
    },
    "f-market": {"market": market(60, 500), "scenarios": ["base"], "evaluation": OFF},
    "f-market-more": {"market": market(100, 2_000), "scenarios": ["base", CRASH], "evaluation": OFF},
    "f-market-judged": {
        "market": market(30, 1_000),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 200, "judge_refits": 0},
    },
    "f-market-judged-more": {
        "market": market(100, 2_520),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 50, "judge_refits": 0},
    },
    "f-market-judges": {
        "market": market(30, 1_000),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 50, "judge_refits": 1, "judge_iterations": 200},
    },
    "f-flow": {
        "market": {**market(10, 400), "generator": {"name": "flow", "steps": 100}},
        "scenarios": ["base"],
        "evaluation": OFF,
    },
    "f-flow-more": {
        "market": {**market(60, 1_000), "generator": {"name": "flow", "steps": 300}},
        "scenarios": ["base"],
        "evaluation": OFF,
    },
    "f-daily": {"market": market(10, 400, 100), "scenarios": ["base"], "evaluation": OFF},
    "f-daily-more": {"market": market(100, 2_000, 600), "scenarios": ["base"], "evaluation": OFF},
    "f-timegan": {
        "market": {**market(10, 400), "generator": {"name": "timegan", "steps": 60}},
        "scenarios": ["base"],
        "evaluation": OFF,
    },
    "f-credit": {"credit": loans(2_000, 12, 10_000), "scenarios": ["base"], "evaluation": OFF},
    "f-credit-more": {"credit": loans(10_000, 48, 100_000), "scenarios": ["base", CRASH], "evaluation": OFF},
    "f-credit-judged": {
        "credit": loans(2_000, 12, 10_000),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 200},
    },
    "f-credit-judged-more": {
        "credit": loans(10_000, 36, 20_000),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 50},
    },
    "fraud-month": {"transactions": people(6_000, 30), "scenarios": ["base"], "evaluation": OFF},
    "fraud-judged": {
        "transactions": people(4_000, 60, shard_accounts=2_000),
        "scenarios": ["base", WAVE],
        "evaluation": {"bootstrap": 100, "judge_refits": 0},
    },
    "fraud-counted": {
        "transactions": people(3_000, 45, counts(account_takeover=60, app_scam_mule_chain=40)),
        "scenarios": ["base", "covid-2020"],
        "evaluation": OFF,
    },
    "market-bootstrap": {
        "market": market(40, 1_500),
        "scenarios": ["base", CRASH],
        "evaluation": {"bootstrap": 100, "judge_refits": 0},
    },
    "market-flow": {"market": market(30, 600, 150), "scenarios": ["base", CRASH], "evaluation": OFF},
    "market-judged": {
        "market": market(24, 800, 100),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 60, "judge_refits": 1, "judge_iterations": 100},
    },
    "credit": {
        "credit": loans(6_000, 36, 60_000),
        "scenarios": ["base", ADVERSE, "covid-2020"],
        "evaluation": {"bootstrap": 100},
    },
    "credit-kept": {
        "credit": {"data": "tape.csv", "keep": True, "months": 48, "draws": 40_000, "columns": "OWN"},
        "scenarios": ["base", CRASH],
        "evaluation": {"bootstrap": 50},
    },
    "three-worlds": {
        "market": market(20, 504),
        "transactions": people(1_500, 40),
        "credit": loans(1_500, 24, 20_000),
        "scenarios": ["base", ADVERSE, WAVE],
        "evaluation": {"bootstrap": 60, "judge_refits": 0},
    },
    "wide-week": {"transactions": people(40_000, 7), "scenarios": ["base"], "evaluation": OFF},
    "fraud-quarter": {"transactions": people(5_000, 90), "scenarios": ["base"], "evaluation": OFF},
    "fraud-two-judged": {
        "transactions": people(7_000, 40, shard_accounts=3_000),
        "scenarios": ["base", WAVE],
        "evaluation": {"bootstrap": 150, "judge_refits": 0},
    },
    "fraud-many-schemes": {
        "transactions": people(4_000, 30, counts(card_testing_escalation=700, account_takeover=300)),
        "scenarios": ["base"],
        "evaluation": OFF,
    },
    "market-wide": {
        "market": market(150, 1_200),
        "scenarios": ["base", CRASH, "covid-2020"],
        "evaluation": {"bootstrap": 120, "judge_refits": 0},
    },
    "market-flow-long": {
        "market": market(80, 900, 500),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 60, "judge_refits": 0},
    },
    "market-two-judges": {
        "market": market(50, 700),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 80, "judge_refits": 2, "judge_iterations": 300},
    },
    "credit-large": {
        "credit": loans(15_000, 24, 120_000),
        "scenarios": ["base", "rates-shock-2022"],
        "evaluation": {"bootstrap": 100},
    },
    "credit-kept-long": {
        "credit": {"data": "tape.csv", "keep": True, "months": 60, "draws": 150_000, "columns": "OWN"},
        "scenarios": ["base", ADVERSE, CRASH],
        "evaluation": OFF,
    },
    "all-four": {
        "market": market(60, 1_000, 120),
        "transactions": people(3_000, 60),
        "credit": loans(4_000, 36, 50_000),
        "scenarios": ["base", CRASH, ADVERSE, WAVE],
        "evaluation": {"bootstrap": 100, "judge_refits": 0},
    },
    "wide-month": {
        "transactions": people(25_000, 30, FRAUD),
        "scenarios": ["base", "compound-downturn-fraud"],
        "evaluation": OFF,
    },
}


def tape(file: str, columns: dict[str, Any], loan_class: str, **keys: Any) -> dict[str, Any]:
    """Return a credit part on a real tape."""
    return {"data": str(SHARED / "credit" / file), "columns": columns, "loan_class": loan_class, **keys}


def words(header: str) -> dict[str, str]:
    """Return a column of words."""
    return {"from": header, "type": "cat"}


def ledger(file: str | None, roles: dict[str, Any], entities: int, days: int, **keys: Any) -> dict[str, Any]:
    """Return a learned transaction part; ``roles`` are the columns of its schema, {}: the bundled one."""
    data = "amlsim_transfers" if file is None else str(SHARED / file)
    return {"data": data, "schema": roles or data, "entities": entities, "days": days, **keys}


TAIWAN = {
    "age": "AGE", "amount": "LIMIT_BAL", "education": words("EDUCATION"), "marriage": words("MARRIAGE"),
    "sex": words("SEX"), "term_months": {"default": 12},
    "bad": {"from": "default.payment.next.month", "is": 1, "good": 0},
}  # fmt: skip
SBA = {
    "id": "loan_id", "amount": "DisbursementGross", "opened": "DisbursementDate", "sector": "State",
    "naics": words("NAICS"), "term": {"from": "Term", "null": ["0"]},
    "bad": {"from": "MIS_Status", "is": "CHGOFF", "good": "P I F"},
}  # fmt: skip
CLUB = {
    "amount": "loan_amount", "purpose": "loan_purpose", "rate": {"from": "interest_rate", "unit": "percent"},
    "income": {"from": "annual_income", "per": "year", "null": ["0.0"]},
    "opened": {"from": "issue_month", "format": "%b-%Y"},
    "bad": {"from": "loan_status", "is": ["Charged Off", "Late (31-120 days)", "Late (16-30 days)",
                                          "In Grace Period"]},
}  # fmt: skip
HMDA = {
    "bad": "deny", "amount": {"default": 140_000}, "term_months": {"default": 360},
    "payment_to_income": {"from": "pirat", "type": "float"},
}  # fmt: skip
CARDS = {
    "card_id": {"type": "id", "role": "from_account"}, "date": {"type": "date", "role": "date"},
    "merchant_id": {"type": "id", "role": "merchant"}, "merchant_kind": {"type": "cat", "role": "category"},
    "amount": {"type": "money", "ccy": "USD", "role": "amount"},
}  # fmt: skip
HANDBOOK = {
    "CUSTOMER_ID": {"type": "id", "role": "from_account"}, "TX_DATETIME": {"type": "ts", "role": "date"},
    "TERMINAL_ID": {"type": "id", "role": "merchant"},
    "TX_AMOUNT": {"type": "money", "ccy": "EUR", "role": "amount"},
}  # fmt: skip
AT_SHOPS = {"narratives": ["card_testing_escalation"], "body": "habits"}
CARD_FILE = "transactions/purchasing_cards_2010_half_a.csv.gz"
HANDBOOK_FILE = "synthetic_fraud/handbook_cards_cust0_599.parquet"
STRAY = ["ChgOffDate", "ChgOffPrinGr", "Default", "BalanceGross", "xx", "daysterm"]
PAID = ["paid_total", "paid_principal", "paid_interest", "paid_late_fees"]
REAL: dict[str, dict[str, Any]] = {
    "taiwan": {
        "credit": tape(
            "taiwan_card_default.csv.gz", TAIWAN, "cards", loans=30_000, currency="TWD",
            target_pd="as_observed",
        ),
        "scenarios": ["base"],
    },
    "sba": {
        "credit": tape(
            "sba_california_loans.csv.gz", SBA, "corporate", loans=5_000, ignore=STRAY,
            target_pd="as_observed", currency="USD",
        ),
        "scenarios": ["base", CRASH],
    },
    "lending-club": {
        "credit": tape(
            "lendingclub_2018q1_loans.csv.gz", CLUB, "consumer", loans=20_000, ignore=PAID, currency="USD"
        ),
        "scenarios": ["base"],
    },
    "hmda": {
        "credit": tape(
            "hmda_boston_1990.csv.gz", HMDA, "mortgage", loans=8_000, target_pd="as_observed", currency="USD",
            months=24,
        ),
        "scenarios": ["base", ADVERSE],
    },
    "german-copula": {"credit": loans(6_000, 24, 20_000, generator="copula"), "scenarios": ["base"]},
    "accounts-learned": {
        "transactions": ledger(None, {}, 4_000, 60, body="habits", currency="USD",
                               narratives=["app_scam_mule_chain"]),
        "scenarios": ["base"],
    },
    "cards-learned": {
        "transactions": ledger(CARD_FILE, CARDS, 3_000, 90, **AT_SHOPS),
        "scenarios": ["base", WAVE],
    },
    "handbook-learned": {
        "transactions": ledger(HANDBOOK_FILE, HANDBOOK, 1_000, 60, **AT_SHOPS),
        "scenarios": ["base"],
    },
    "cards-learned-unjudged": {
        "transactions": ledger(CARD_FILE, CARDS, 20_000, 180, **AT_SHOPS),
        "scenarios": ["base"],
        "evaluation": OFF,
    },
    "prices-panel-daily": {
        "market": {
            "data": str(SHARED / "market_daily" / "us_equity12_adjclose_1990_2020.csv.gz"),
            "generator": {"name": "daily_flow", "steps": 60}, "paths": 20, "sessions": 500,
        },
        "scenarios": ["base"],
        "evaluation": OFF,
    },
    "prices-panel": {
        "market": {
            "data": str(SHARED / "market_daily" / "us_equity12_adjclose_1990_2020.csv.gz"),
            "generator": {"name": "bootstrap"}, "paths": 50, "sessions": 1_000,
        },
        "scenarios": ["base", CRASH],
        "evaluation": {"bootstrap": 100, "judge_refits": 1, "judge_iterations": 200},
    },
}  # fmt: skip
STUDIES = {**TESTED, **FITTED, **REAL, **TUNED, **UNSEEN, **LEDGERS}
COLUMNS = {"id": "loan", "amount": "amount", "term": "term", "pd": "pd", "lgd": "lgd", "rate": "rate"}


def written(name: str, folder: Path) -> Path:
    """Write a study (and the tape that it keeps) and return its file."""
    study = with_own_files(json.loads(json.dumps(STUDIES[name])), folder)
    if study.get("credit", {}).get("columns") == "OWN":
        study["credit"]["columns"] = COLUMNS
        rows = [
            f"L{k},{1_000 + 37 * (k % 800)},{(24, 36, 60)[k % 3]},{0.004 + 0.0003 * (k % 200):.4f},"
            f"{0.2 + 0.002 * (k % 250):.3f},{0.05 + 0.0004 * (k % 300):.4f}"
            for k in range(4_000)
        ]
        (folder / "tape.csv").write_text("\n".join([",".join(COLUMNS.values()), *rows]) + "\n")
    roles = study.get("transactions", {}).get("schema")
    if isinstance(roles, dict):
        schema = {"finsim": "schema/1", "kind": "payments", "columns": roles}
        (folder / "ledger.schema.yaml").write_text(yaml.safe_dump(schema))
        study["transactions"]["schema"] = "ledger.schema.yaml"
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump({"finsim": "study/1", "id": name, **study}))
    return path


def is_here(name: str) -> bool:
    """Whether the data of a study are on this machine."""
    files = [part["data"] for part in STUDIES[name].values() if isinstance(part, dict) and "data" in part]
    if any(isinstance(file, dict) and file["own"] == "prices" for file in files):
        return SHARED.is_dir()
    return all(Path(file).is_file() for file in files if str(SHARED) in str(file))
