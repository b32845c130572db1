"""Real tables and ledgers for the benchmarks of learned tables and events, split at random into two halves.

Loan tables are split by row, ledgers by entity. A file that is not there is left out by the benchmark.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
Frame = pd.DataFrame


@dataclass(frozen=True)
class LoanTable:
    """A table by its file: what is predicted (``positive`` are the cells that count as 1), what is left out.

    ``told`` : columns that say the label, left out of the classifiers that predict it. ``dates`` : columns.
    """

    file: Path
    label: str
    positive: tuple[str, ...]
    told: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()


TABLES = {
    "german": LoanTable(ROOT / "data" / "german_credit.csv.gz", "creditability", ("bad",)),
    "taiwan": LoanTable(
        SHARED / "credit" / "taiwan_card_default.csv.gz", "default.payment.next.month", ("1",),
        dropped=("ID",),
    ),
    "sba": LoanTable(
        SHARED / "credit" / "sba_california_loans.csv.gz", "Default", ("1",),
        told=("MIS_Status", "ChgOffDate", "ChgOffPrinGr", "BalanceGross"),
        dropped=("loan_id", "Selected", "xx"),
        dates=("ApprovalDate", "ChgOffDate", "DisbursementDate"),
    ),
    "lending club": LoanTable(
        SHARED / "credit" / "lendingclub_2018q1_loans.csv.gz", "grade", ("A",),
        told=("sub_grade", "interest_rate", "installment", "balance", "paid_total", "paid_principal",
              "paid_interest", "paid_late_fees"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Ledger:
    """Payments by their file and which column plays which part; ``clock`` : times are more than days."""

    file: Path
    load: Callable[[Path], Frame]
    entity: str
    time: str
    amount: str
    partner: str | None = None
    category: str | None = None
    between: bool = False
    clock: bool = False

    def roles(self) -> dict[str, str | bool | None]:
        """Return the parts for a job in JSON."""
        return {"entity": self.entity, "time": self.time, "amount": self.amount, "partner": self.partner,
                "category": self.category, "between": self.between, "clock": self.clock}  # fmt: skip


def _cards(file: Path) -> Frame:
    """Purchasing cards without the one amount of 3.1 million, and columns that the merchant says."""
    frame = pd.read_csv(file, parse_dates=["date"], dtype={"card_id": str, "merchant_id": str})
    frame = frame[frame["amount"].abs() < 1e6]
    return frame[["card_id", "date", "merchant_id", "merchant_kind", "trans_type", "amount"]]


def _cdnow(file: Path) -> Frame:
    return pd.read_csv(file, parse_dates=["date"], dtype={"customer_id": str})


def _handbook(file: Path) -> Frame:
    frame = pd.read_parquet(file).drop(columns=["TX_FRAUD", "TX_FRAUD_SCENARIO"])
    frame["TX_DATETIME"] = frame["TX_DATETIME"].astype("datetime64[us]")
    return frame.astype({"CUSTOMER_ID": str, "TERMINAL_ID": str})


def _amlsim(file: Path) -> Frame:
    """AMLSim transfers; a step is a day."""
    frame = pd.read_csv(file, dtype={"sourceNodeId": str, "targetNodeId": str})
    frame["time"] = (pd.Timestamp("2020-01-01") + pd.to_timedelta(frame["time"], unit="D")).astype(
        "datetime64[us]"
    )
    return frame.rename(
        columns={"sourceNodeId": "from_account", "targetNodeId": "to_account", "value": "amount"}
    )


LEDGERS = {
    "cards": Ledger(
        SHARED / "transactions" / "purchasing_cards_2010_half_a.csv.gz", _cards, "card_id", "date", "amount",
        "merchant_id", "merchant_kind",
    ),
    "cdnow": Ledger(
        SHARED / "transactions" / "cdnow_master.csv.gz", _cdnow, "customer_id", "date", "amount"
    ),
    "handbook": Ledger(
        SHARED / "synthetic_fraud" / "handbook_cards_cust0_599.parquet", _handbook, "CUSTOMER_ID",
        "TX_DATETIME", "TX_AMOUNT", "TERMINAL_ID", clock=True,
    ),
    "amlsim": Ledger(
        SHARED / "synthetic_fraud" / "amlsim_20K_fanin200cycle200" / "transactions.csv.gz", _amlsim,
        "from_account", "time", "amount", "to_account", between=True,
    ),
}  # fmt: skip


def table_halves(name: str, seed: int, most: int | None = None) -> tuple[Frame, Frame]:
    """Return two random halves of a loan table, of at most so many rows: to learn from, to judge against."""
    table = TABLES[name]
    frame = pd.read_csv(table.file).drop(columns=list(table.dropped), errors="ignore")
    for date in table.dates:
        frame[date] = pd.to_datetime(frame[date]).astype("datetime64[us]")
    numbers = frame.select_dtypes("float64").columns  # ratios and sums carry noise beyond the sixth decimal
    frame[numbers] = frame[numbers].round(6)
    order = np.random.default_rng(seed).permutation(len(frame))
    half = min(len(frame) // 2, most or len(frame))
    return tuple(frame.iloc[part].reset_index(drop=True) for part in (order[:half], order[half : 2 * half]))  # type: ignore[return-value]


def ledger_halves(name: str, seed: int, most: int | None = None) -> tuple[Frame, Frame]:
    """Return the rows of two random halves of the entities, at most so many, by entity and time."""
    ledger = LEDGERS[name]
    frame = ledger.load(ledger.file).sort_values([ledger.entity, ledger.time], kind="stable")
    known = np.sort(frame[ledger.entity].unique())
    order = np.random.default_rng(seed).permutation(known)
    half = len(order) // 2
    parts = order[:half][:most], order[half:][:most]
    return tuple(frame[frame[ledger.entity].isin(part)].reset_index(drop=True) for part in parts)  # type: ignore[return-value]
