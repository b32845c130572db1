"""The columns of a loan tape that mean something to the credit model: role, type, other names, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from finsim.tables import HEADER_WORDS, Field


@dataclass(frozen=True)
class Role:
    """One column of the model: its declared type and aliases, its limits, and whether cells may be missing.

    ``whole``: only whole numbers. ``gaps``: missing cells need no declaration, since the model has a law
    for them. ``words``: what ``low`` and ``high`` say in a message. ``per``: month or year, the time that a
    number of the model is of; empty where it is of none.
    """

    field: Field
    low: float = 0.0
    high: float = 1e12
    words: str = ""
    whole: bool = False
    gaps: bool = False
    share: bool = False
    per: str = ""


def _role(role: str, kind: str) -> Field:
    alias = HEADER_WORDS["loans"].get(role, ())
    strip = ("months", "month") if role == "term" else ()
    return Field(type=kind, role=role, alias=alias, strip=strip, optional=True)


_MONEY, _OWED = "above 0", "0 or more"
_SHARE = "from 0 to 1"

ROLES: Mapping[str, Role] = {
    "loan_id": Role(_role("id", "id")),
    "obligor_id": Role(_role("obligor", "id")),
    "age": Role(_role("age", "int"), 18, 100, "from 18 to 100", True, True),
    "amount": Role(_role("amount", "float"), 0.01, 1e12, _MONEY),
    "term_months": Role(_role("term", "int"), 1, 600, "from 1 to 600", True),
    "bad": Role(_role("outcome", "cat")),
    "purpose": Role(_role("purpose", "cat"), gaps=True),
    "sector": Role(_role("sector", "cat")),
    "loan_class": Role(_role("class", "cat")),
    "currency": Role(_role("currency", "cat")),
    "income": Role(_role("income", "float"), 0.01, 1e12, _MONEY, False, True, per="month"),
    "rate": Role(_role("rate", "ratio"), 0.0, 1.0, _SHARE, share=True, per="year"),
    "pd": Role(_role("pd", "ratio"), 1e-9, 1 - 1e-9, "above 0 and below 1", share=True),
    "lgd": Role(_role("lgd", "ratio"), 0.0, 1.0, _SHARE, share=True),
    "balance": Role(_role("balance", "float"), 0.0, 1e12, _OWED),
    "ead": Role(_role("ead", "float"), 0.0, 1e12, _OWED),
    "months_on_book": Role(_role("months_on_book", "int"), 0, 600, "from 0 to 600", True),
    "opened": Role(_role("opened", "date")),
    "collateral_value": Role(_role("collateral", "float"), 0.01, 1e12, _MONEY, False, True),
    "tape_grade": Role(_role("grade", "cat"), gaps=True),
}  # fmt: skip
"""Column of the model -> role. A stated pd replaces the scorecard's; ``grade`` follows from the PD, so the
tape's own grade is kept beside it as ``tape_grade``."""

NAME_OF: Mapping[str, str] = {role.field.role: name for name, role in ROLES.items()}
"""Role word -> column of the model; a mapping may use either."""


def column_name(word: str) -> str:
    """Return the model's column for a role word or its own name; any other word is a feature's own name."""
    return NAME_OF.get(word, word)


COMPUTED = ("vintage", "grade", "payment", "dti", "rho", "group")
"""What the model itself writes; with the names of ROLES and ``_fs_...`` they are reserved."""

# Names of the Statlog German credit layout for features that the model knows.
FEATURES: Mapping[str, str] = {
    "status_of_existing_checking_account": "checking",
    "savings_account_and_bonds": "savings",
    "present_employment_since": "employed_since",
    "installment_rate_in_percentage_of_disposable_income": "instalment_band",
    "personal_status_and_sex": "personal_status",
    "other_debtors_or_guarantors": "guarantor",
    "present_residence_since": "resident_since",
    "other_installment_plans": "other_plans",
    "number_of_existing_credits_at_this_bank": "existing_credits",
    "number_of_people_being_liable_to_provide_maintenance_for": "dependants",
}
MARKS_LAYOUT = frozenset({"credit_amount", "duration_in_month", "creditability"})
"""Headers of the Statlog table, whose amounts are marks."""
