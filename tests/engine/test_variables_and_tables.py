"""Which macro variable moves which table: one bank, one scenario a variable, bytes beside those of base."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finsim.agents.economy.household_economy import READS
from finsim.engine.answers.unread_drivers import unread_variables
from finsim.engine.run import run
from finsim.engine.study.study_file import study_of
from finsim.engine.study.study_resolution import resolve
from finsim.scenarios.variables import VARIABLES

# A move that nobody would overlook, of the size of a hard supervisory path.
MOVES = {"pct": -30.0, "pct_annualised": -6.0, "pp": 5.0, "sd": -2.0}
LOANS = {"loans", "months", "provisions", "recoveries", "losses"}
PANEL = {"months", "provisions", "recoveries", "losses"}
PEOPLE = {"transactions"}
# Of borrowers who are customers, late payments and lost salaries are payments too.
MOVED = {
    "unemployment": PANEL | PEOPLE,
    "income_support": PANEL | PEOPLE,
    "bbb_spread": PANEL | PEOPLE,
    "house_prices": PANEL | PEOPLE,
    "cre_prices": PANEL | PEOPLE,
    "payment_shock": PANEL | PEOPLE,
    "credit_factor": PANEL | PEOPLE,
    "disposable_income_growth": PEOPLE,
    "inflation": PEOPLE,
    "oil_price": PEOPLE,
    "mortgage_rate": PEOPLE,
    "gdp_growth": PEOPLE,
}
UNREAD = {"treasury_3m", "treasury_5y", "treasury_10y", "prime_rate", "usd_index"}


def scenario(folder: Path, name: str) -> Path:
    """A file that moves one variable for five quarters; support comes with lost jobs, as it replaces pay."""
    way, unit = next(
        (way, unit) for way, unit in VARIABLES[name].units.items() if way in ("delta", "cum_return")
    )
    moves = {name: (way, unit, MOVES[unit])}
    if name == "income_support":
        moves = {"unemployment": ("delta", "pp", 5.0), name: ("delta", "pp", 3.0)}
    lines = [f"  {key}: {{as: {a}, unit: {u}, path: {[m] * 5}}}" for key, (a, u, m) in moves.items()]
    known = name.replace("_", "-")
    head = f"finsim: scenario/1\nid: {known}\ntitle: {name}\nkind: hypothetical\nextends: base\n"
    path = folder / f"{known}.yaml"
    path.write_text(head + "horizon: {length: 5, step: quarter}\nmacro:\n" + "\n".join(lines) + "\n")
    return path


def tape(folder: Path) -> Path:
    """Loans of every class, a fifth of them bad."""
    rng, count = np.random.default_rng(3), 420
    classes = ["cards", "mortgage", "heloc", "cre", "corporate", "consumer"]
    frame = pd.DataFrame(
        {"loan_id": np.arange(count), "amount": rng.integers(3_000, 40_000, count),
         "term": rng.choice([24, 36, 48], count), "loan_class": np.array(classes)[np.arange(count) % 6],
         "pd": rng.uniform(0.05, 0.25, count), "lgd": 0.4}
    )  # fmt: skip
    frame.to_csv(folder / "tape.csv", index=False)
    return folder / "tape.csv"


@pytest.mark.slow
def test_every_macro_variable_moves_a_table_or_is_named_as_unread(tmp_path: Path) -> None:
    files = {name: scenario(tmp_path, name) for name in VARIABLES}
    told = study_of(
        {"finsim": "study/1", "id": "variables",
         "market": {"data": "wiki_aapl_ibm_2000_2013", "sessions": 60, "paths": 1, "generator": "bootstrap"},
         "transactions": {"accounts": 900, "days": 130, "currency": "EUR",
                          "narratives": [{"name": "account_takeover", "count": 3}]},
         "credit": {"data": str(tape(tmp_path)), "keep": True, "months": 14, "draws": 5000, "sector": "all",
                    "columns": {"term_months": "term"}},
         "scenarios": ["base", *map(str, files.values())], "evaluation": {"enabled": False}}
    )  # fmt: skip
    plan = resolve(told)
    assert (
        set(unread_variables(plan).removeprefix("no world of this study reads macro ").split(", ")) == UNREAD
    )
    made = run(told, output=tmp_path / "run")
    label = {name: path.stem for name, path in files.items()}
    tables = sorted({*LOANS, *PEOPLE, "bars", "schemes", "customers", "merchants"} & set(made.tables))

    def read(table: str, scenario: str) -> bytes:
        return made.file(table, scenario).read_bytes()

    beside = {"income_support": "unemployment"}
    moved = {
        name: {table for table in tables if read(table, label[name]) != read(table, beside.get(name, "base"))}
        for name in VARIABLES
    }
    print("\n" + "\n".join(f"{name}: {', '.join(sorted(found)) or '-'}" for name, found in moved.items()))
    assert not any(moved[name] for name in UNREAD)
    assert set(READS) <= {name for name in VARIABLES if "transactions" in moved[name]}
    assert moved == {**{name: set() for name in UNREAD}, **MOVED}
