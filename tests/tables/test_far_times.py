"""A time far from all others is found with its row and line; a long history and a pause are not."""

from pathlib import Path

import numpy as np
import pytest

from finsim.engine.injection.ledger_columns import ledger_columns
from finsim.engine.injection.ledger_rows import Ledger
from finsim.engine.injection.ledger_sample import sample_ledger
from finsim.engine.learned.reading import read_to_learn
from finsim.errors import DataError
from finsim.evaluation.reading.declared import declared_of, opened
from finsim.evaluation.reading.guessed_roles import Named
from finsim.tables.far_times import far_rows

DAY = 86_400 * 10**9


@pytest.mark.parametrize(
    ("days", "far"),
    [
        ([*range(60), 36_525], [60]),
        ([-36_525, *range(60), 36_525], [0, 61]),
        ([*range(30), 500, *range(30, 60)], [30]),
        ([*range(30), 300, *range(30, 60)], []),  # within a year
        ([*range(1_000), 1_500], []),  # a gap shorter than the period
        ([*range(40), *range(4_000, 4_040)], []),  # two periods
        ([*range(10), 36_525], []),  # too few rows to tell
        ([5] * 60, []),
    ],
)
def test_far_rows(days: list[int], far: list[int]) -> None:
    assert far_rows(np.array(days, np.int64) * DAY).tolist() == far


def test_fit_and_inject_name_the_row(tmp_path: Path) -> None:
    data = tmp_path / "t.csv"
    rows = [f"C{k % 12:03d},2025-03-{1 + k % 28:02d}T10:00:00Z,{k % 17}.5" for k in range(60)]
    rows[5] = "C005,2125-03-01T10:00:00Z,1.5"
    data.write_text("\n".join(["card,ts,amount", *rows]) + "\n")
    place = f"{data}, row 5 (line 7)"
    found = read_to_learn(data, "events", Named(), None, None)
    (said,) = found.row_remarks
    assert said.startswith(f"{place}: column 'ts' holds 2125-03-01T10:00, far from all others, 2025-03-01 to")
    assert not any("2125" in one for one in found.remarks)  # those that a private model carries
    declared = declared_of(data, None, None, "")
    source = opened(data, declared, str(data))
    with pytest.raises(DataError) as bad:
        sample_ledger(Ledger(source, ledger_columns(source, declared)), 1)
    (problem,) = bad.value.problems
    assert problem.place == place
    assert "holds 2125-03-01T10:00" in problem.found
