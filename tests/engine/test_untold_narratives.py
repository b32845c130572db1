"""A narrative that left nothing is named, with why."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finsim.engine.answers.untold_narratives import untold_lines, untold_narratives
from finsim.engine.injection.remarks import short_of
from finsim.errors import StudyError


def _run(folder: Path, told: list[str] | None, payments: dict | None) -> SimpleNamespace:
    def file(table: str, scenario: str) -> Path:
        assert (table, scenario) == ("patterns", "base")
        if told is None:
            raise StudyError("no table")
        pq.write_table(pa.table({"narrative": pa.array(told, "string").dictionary_encode()}), folder / "p")
        return folder / "p"

    study = {"transactions": payments} if payments is not None else {}
    return SimpleNamespace(manifest={"study": {"resolved": study}}, scenarios=("base",), file=file)


def _named(*names: str) -> dict:
    return {"accounts": 400, "days": 30, "narratives": [{"name": one} for one in names]}


@pytest.mark.parametrize(
    ("told", "payments", "left"),
    [(["a", "a"], _named("a", "b", "c"), ["b", "c"]), (["a"], _named("a"), []),
     (["x"], _named("own.yaml"), []), (None, _named("a"), []),
     (["a"], None, []), ([], {**_named("a"), "narratives": []}, [])],
)  # fmt: skip
def test_narratives_without_a_scheme_are_named(
    told: list[str] | None, payments: dict | None, left: list[str], tmp_path: Path
) -> None:
    run = _run(tmp_path, told, payments)
    assert untold_narratives(run) == left
    assert bool(untold_lines(run)) == bool(left)


def test_many_are_counted_behind_what_helps(tmp_path: Path) -> None:
    (line,) = untold_lines(_run(tmp_path, [], _named("a", "b", "c", "d", "e")))
    assert line == (
        "no scheme by their rates (400 accounts, 30 days; give each a `count:`): a, b, c and 2 more"
    )


def test_rows_that_were_asked_for_and_not_made_are_told() -> None:
    made = {"full": 50, "few": 12, "none": 0}
    schemes = {"full": 2, "few": 1, "none": 0}
    few, none = short_of(made, 0.15, 1_000, schemes)
    assert few.startswith("few: 12 rows, not the 50 asked for")
    assert none.startswith("none: its schemes leave no row")
    assert len(short_of(made, None, 1_000, schemes)) == 1
    whole, each = short_of({"full": 90, "few": 10}, 0.02, 2_000, schemes)[-2:]
    assert whole.startswith("100 rows are added, not the 40 asked for (2.00% of 2,000)")
    assert each == "full: 90 rows in 2 schemes, 45 a scheme, for a part of 20"
