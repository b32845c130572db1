"""Tables of quarters that the macro engine learns from: read, read again, or refused with their line."""

import re

import numpy as np
import pytest

from finsim.errors import ScenarioError
from finsim.scenarios.macro_engine.what_if import what_if


def table(rows: int, start: int = 2000, change: tuple[int, str] | None = None) -> str:
    draws = np.random.default_rng(2).standard_normal((rows, 3))
    lines = ["quarter,unemployment,oil_price,treasury_10y"]
    for k in range(rows):
        when = f"{start + k // 4}-{3 * (k % 4) + 1:02d}-01"
        jobs, oil, rate = (
            5 + draws[:k, 0].sum() * 0.1,
            50 * np.exp(draws[:k, 1].sum() * 0.05),
            3 + draws[k, 2],
        )
        lines.append(f"{when},{jobs:.3f},{oil:.2f},{rate:.3f}")
    if change:
        lines[change[0]] = change[1]
    return "\n".join(lines) + "\n"


def test_a_table_of_ones_own_brings_variables_of_its_own(tmp_path):
    path = tmp_path / "fred.csv"
    path.write_text(table(60))
    found = what_if(["oil_price=+50% +80%"], path, 4)
    assert found.names == ("unemployment", "treasury_10y", "oil_price")
    start = found.table.before["oil_price"]
    assert found.table.paths["oil_price"][:2] == pytest.approx((1.5 * start, 1.8 * start), abs=0.01)
    assert found.learned == 60
    assert found.table.file == "fred.csv"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (table(30), "30 quarters"),
        (table(60, change=(20, "2004-08-01,5,50,3")), "a second row of the quarter"),
        (table(60, change=(20, "2031-10-01,5,50,3")), "a gap before this quarter"),
        (table(60, change=(20, "2004-10-01,5,-50,3")), "a level above 0"),
        (table(60, change=(55, "2013-07-01,5,,3")), "oil_price has gaps"),
        (table(60, change=(20, "spring,5,50,3")), "a quarter such as"),
        (table(60, change=(20, "2004-10-01,5,1e12,3")), "a level within 1e+09"),
        (
            table(60, change=(0, "quarter,unemployment,oil_price,oil_price")),
            "two columns are called 'oil_price'",
        ),
        (re.sub(r",[0-9.]+,(-?[0-9.]+)$", r",60,\1", table(60), flags=re.M), "oil_price never moves in 60"),
        (
            "quarter,a,b\n" + "".join(f"{2000 + k // 4} Q{k % 4 + 1},1,2\n" for k in range(50)),
            "not known to the table",
        ),
    ],
)
def test_a_table_that_cannot_teach_is_refused(text, said, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(text)
    with pytest.raises(ScenarioError, match=re.escape(said)):
        what_if(["oil_price=+50%"], path)


def test_variables_that_follow_from_one_another_are_refused(tmp_path):
    rows = [line.split(",") for line in table(60).splitlines()]
    text = "\n".join(
        ",".join([*row, "usd_index" if k == 0 else f"{float(row[2]) * 100:.2f}"])
        for k, row in enumerate(rows)
    )
    path = tmp_path / "own.csv"
    path.write_text(text)
    with pytest.raises(ScenarioError, match="follow from one another"):
        what_if(["oil_price=+40%", "usd_index=-10%"], path)


def test_small_indices_keep_what_is_given(tmp_path):
    lines = table(60).splitlines()
    rows = [lines[0].replace("oil_price", "equity")]
    for line in lines[1:]:
        when, jobs, price, rate = line.split(",")
        rows.append(f"{when},{jobs},{float(price) / 1000:.6f},{rate}")
    path = tmp_path / "own.csv"
    path.write_text("\n".join(rows) + "\n")
    found = what_if(["equity=-43.21%"], path, 2).table
    assert found.paths["equity"][0] / found.before["equity"] == pytest.approx(1 - 0.4321, abs=1e-6)


def test_years_beyond_what_dates_can_hold_are_refused(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(table(60, start=9985))
    with pytest.raises(ScenarioError, match="from 1678 to 2261"):
        what_if(["oil_price=+50%"], path)


def test_a_table_that_changed_is_read_again(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(table(60))
    first = what_if(["oil_price=+50%"], path)
    path.write_text(table(64))
    assert (first.learned, what_if(["oil_price=+50%"], path).learned) == (60, 64)


def test_variables_that_are_nearly_alike_are_told_apart(tmp_path):
    rows = [line.split(",") for line in table(60).splitlines()]
    near = np.random.default_rng(4).standard_normal(60) * 1e-3
    text = "\n".join(
        ",".join([*row, "usd_index" if k == 0 else f"{float(row[2]) * np.exp(near[k - 1]):.4f}"])
        for k, row in enumerate(rows)
    )
    path = tmp_path / "own.csv"
    path.write_text(text)
    assert what_if(["oil_price=+10%"], path).learned == 60
