"""Loan applications as a DataFrame: the tape without its facts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from finsim.credit.tape import Mapping, read_tape


def read_applications(path: str | Path, mapping: Mapping | None = None) -> pd.DataFrame:
    """Read loan applications to learn a book from, one row each (``tape.read_tape``).

    Two layouts need no mapping: the Statlog German credit table as shipped (``german_credit.csv.gz``), and
    any table with the columns of the model (docs/guide/credit.md) or their usual other names.

    Returns keys, age, amount (currency units), term_months, bad, income (per month), rate, pd, lgd (decimals)
    and so on where the table has them, then purpose, sector, loan_class and currency (text), then the
    features. Raises DataError listing what is wrong by column and line.
    """
    return read_tape(path, mapping).frame
