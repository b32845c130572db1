"""Defaults by sector and month, and which books count as moved."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from finsim.records.run_layout import table_file
from finsim.report.figures.credit_data import Credit, read_credit
from finsim.report.figures.credit_figures import levels_of, moved
from finsim.report.run_folder import open_folder


def book(run: Path, label: str = "base") -> Credit:
    found = read_credit(open_folder(run, None), label)
    assert found is not None
    return found


def test_defaults_agree_with_pandas(run: Path) -> None:
    found = book(run)
    loans = pq.read_table(table_file(run, "loans", "base")).to_pandas().set_index("loan_id")
    months = pq.read_table(table_file(run, "months", "base")).to_pandas()
    hit = months[months["status"] == "default"]
    sector = hit["loan_id"].map(loans["sector"])
    table = hit.groupby([sector, "month"]).size().unstack(fill_value=0)
    every = sorted(months["month"].unique())
    wanted = table.reindex(index=list(found.sectors), columns=every, fill_value=0)
    np.testing.assert_array_equal(found.defaults, wanted.to_numpy())
    assert found.loans.sum() == len(loans)
    assert found.balance == loans["balance"].sum()
    assert [str(m) for m in found.months] == [str(m.date()) for m in every]


def test_only_moved_books_are_drawn(run: Path) -> None:
    base, crash = book(run), book(run, "crash")
    same = replace(base)
    assert list(moved({"base": base, "twin": same, "crash": crash}, "base")) == ["base", "crash"]
    other_losses = replace(base, losses=base.losses + 1)
    assert list(moved({"base": base, "loss": other_losses}, "base")) == ["base", "loss"]


def test_levels_are_in_order() -> None:
    risks = {"a": {"var_0.999": 1, "es_0.95": 2}, "b": {"var_0.95": 1, "expected_loss": 0}}
    assert levels_of(risks) == ["0.95", "0.999"]
