"""What a printed comparison looks like: at most 80 columns, whole money, raw numbers underneath."""

from __future__ import annotations

import pandas as pd
import pytest

from finsim.engine.answers.comparison_table import Comparison


def table(names: tuple[str, str], size: float, currency: str = "EUR") -> Comparison:
    """Return a comparison of every unit in two scenarios."""
    rows = []
    for scenario in ("base", "compound-downturn-fraud"):
        rows += [
            (scenario, "expected loss, 1 year", size, size * 1.25, size * 0.25, 0.25, currency),
            (scenario, "defaults in 36 months", 0.0612, 0.05, -0.0112, -0.183, "share"),
            (scenario, "payment rows", 11_053, 1_230_456, 1_219_403, 110.3, "count"),
            (scenario, "trough of the index", "2026-03-01", "2026-04-01", None, None, "date"),
        ]
    head = ["scenario", "figure", *names, "difference", "relative", "unit"]
    return Comparison(pd.DataFrame(rows, columns=head).set_index(["scenario", "figure"]))


@pytest.mark.parametrize("names", [("a", "b"), ("base", "gfc-2008-and-more@0.5"), ("x" * 90, "y" * 120)])
@pytest.mark.parametrize("size", [12.0, 130_456.78, 1.3e9, 8.123456e14])
def test_lines_have_at_most_80_columns_and_whole_money(names: tuple[str, str], size: float) -> None:
    shown = str(table(names, size))
    assert max(map(len, shown.splitlines())) <= 80
    assert f" {size:,.0f} " in shown
    assert f" {size * 0.25:+,.0f} " in shown or size > 1e12
    assert "e+" not in shown
    assert "..." not in "".join(shown.splitlines()[1:])
    assert shown.count("EUR") == 2
    assert "6.12 %" in shown
    assert "-1.12 pp" in shown or size > 1e12
    assert "1,230,456" in shown
    assert "2026-04-01" in shown
    assert [line for line in shown.splitlines() if line.endswith(":")] == [
        "base:",
        "compound-downturn-fraud:",
    ]


def test_the_numbers_stay_raw_and_what_is_taken_is_plain() -> None:
    found = table(("a", "b"), 130_456.78)
    assert found["a"].iloc[0] == 130_456.78
    assert found.loc[("base", "defaults in 36 months"), "a"] == 0.0612
    assert len(repr(found).splitlines()) <= 12
    assert str(found).startswith("\n".join(repr(found).splitlines()[:-1]))
    for taken in (found.head(2), found[["a"]], found.reset_index(), found.copy()):
        assert type(taken) is pd.DataFrame
    assert pd.DataFrame(found).equals(pd.DataFrame(found.copy()))
