"""Identifiers of parts: what dates and words of the row say follows the row, counters go on, none is old."""

import json
import uuid

import numpy as np
import pyarrow as pa
import pytest

from finsim.errors import FitError
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, WORD, MixedColumn, MixedTable
from finsim.tables.new_ids.id_parts import IdParts

ROWS = 600
_DRAW = np.random.default_rng(5)
OPENED = np.datetime64("2018-01-02") + _DRAW.integers(0, 2_000, ROWS)
ENDS = OPENED + _DRAW.choice([365, 1_100], ROWS)
BRANCH = _DRAW.choice(["35001", "69003", "06002"], ROWS)
KIND = _DRAW.choice(["car", "home"], ROWS)
YEAR = OPENED.astype("datetime64[Y]").astype(int) + 1970.0


def _days(days, lacks=None):
    cells = days.astype("datetime64[ns]").astype(np.int64)
    return MixedColumn(TIME, cells if lacks is None else np.where(lacks, MISSING_TIME, cells), (), 86_400e9)


def _words(cells):
    listed = tuple(sorted(set(cells)))
    return MixedColumn(WORD, np.array([listed.index(one) for one in cells], np.int32), listed)


def _table(**more):
    late = _days(OPENED + 40, np.arange(ROWS) % 9 > 0)
    columns = {"ends": _days(ENDS), "default": late, "opened": _days(OPENED), "branch": _words(BRANCH),
               "kind": _words(KIND)}  # fmt: skip
    return MixedTable({**columns, **more}, ROWS)


def _texts(form, rows=None, first=17):
    """Return identifiers by a format of y, q, m, d, e (year of end), b (branch), k (kind), i (counter)."""
    found = []
    for at in range(ROWS) if rows is None else rows:
        year, month, day = str(OPENED[at]).split("-")
        said = {"y": year, "yy": year[2:], "m": month, "d": day, "q": (int(month) + 2) // 3,
                "e": str(ENDS[at])[:4], "b": BRANCH[at], "k": KIND[at][0].upper()}  # fmt: skip
        found.append(form.format(**said, i=first + len(found)))
    return found


def _new(parts, table, first=0, seed=1):
    return parts.new(first, table, np.random.default_rng(seed))


FORMS = ["PR{y}-{i:06d}", "{y}{m}{d}{i:05d}", "{i}/{y}", "{yy}{m}-{i:04d}", "Q{q}-{y}-{i}", "{e}.{y}.{i:06d}",
         "{b}{yy}{i:06d}", "{k}-{i:05d}", "L-{k}/{y}/{i}X", "{d}.{m}.{y}-{i}", "AG{b}-{i:04d}"]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_new_ones_are_those_of_the_row_with_the_next_counters(form):
    """A twin that writes the form itself: rows in another order, counters behind the greatest."""
    table, old = _table(), _texts(form)
    parts = IdParts.find(old, table)
    assert parts is not None
    turned = np.random.default_rng(2).permutation(ROWS)
    new = _new(parts, table.take(turned), first=5)
    assert new == _texts(form, turned, 17 + ROWS + 5)
    assert len({*new, *old}) == 2 * ROWS
    assert IdParts.from_dict(json.loads(json.dumps(parts.to_dict()))) == parts


def test_a_part_that_nothing_says_is_drawn_as_often_as_it_is():
    prefix = np.random.default_rng(3).choice(["AX", "BX", "C-"], ROWS, p=[0.6, 0.3, 0.1])
    parts = IdParts.find([f"{one}{at:05d}" for at, one in enumerate(prefix)], _table())
    assert (parts.by, parts.said, parts.last) == ("", (), ROWS - 1)
    new = [one for first in (0, ROWS, 2 * ROWS) for one in _new(parts, _table(), first, seed=first)]
    assert len(set(new)) == len(new)
    for word in ("AX", "BX", "C-"):
        share = np.mean([one.startswith(word) for one in new])
        assert share == pytest.approx((prefix == word).mean(), abs=0.05)
    assert all(len(one) == 7 for one in new)


def test_forms_of_fewer_than_five_are_nobodys():
    """A prefix of its own is a person's: it is neither stored nor drawn."""
    texts = [f"{'VIP' if at % 300 == 7 else 'N' if at % 2 else 'M'}-{at}" for at in range(ROWS)]
    parts = IdParts.find(texts, _table())
    assert parts.forms == ("M-\uf8ff", "N-\uf8ff")
    assert sum(parts.shares) == pytest.approx(1.0)
    rare = ["odd" if at in (1, 3) else "odd words" if at % 2 else "even words" for at in range(ROWS)]
    told = IdParts.find([f"{'NM'[at % 2]}-{at}" for at in range(ROWS)], _table(rare=_words(rare)))
    assert told.by == "rare"
    assert told.levels == ("even words", "odd words")


def test_years_of_a_whole_number_beside_no_date():
    year = MixedColumn(NUMBER, YEAR, (), 1.0)
    table = MixedTable({"vintage": year, "kind": _words(KIND)}, ROWS)
    parts = IdParts.find(_texts("K{y}-{i}"), table)
    assert [(one.column, one.part) for one in parts.said] == [("vintage", "cell")]
    assert _new(parts, table)[0] == f"K{YEAR[0]:.0f}-{17 + ROWS}"


def test_of_dates_the_one_that_says_it_is_followed():
    """Half of the ends are in another year than one year after: only the opening says the year of all."""
    for form, column in (("{y}-{i}", "opened"), ("{e}-{i}", "ends")):
        assert [one.column for one in IdParts.find(_texts(form), _table()).said] == [column]


def test_a_row_without_the_date_takes_that_of_a_row_before_it():
    table = _table()
    parts = IdParts.find(_texts("PR{y}-{i}"), table)
    gone = table.with_columns({"opened": _days(OPENED, np.arange(ROWS) % 2 == 0)})
    years = [int(one[2:6]) for one in _new(parts, gone)]
    assert years[1::2] == YEAR[1::2].tolist()
    assert years[2::2] == YEAR[1:-1:2].tolist()
    assert years[0] == years[1]
    none = table.with_columns({"opened": _days(OPENED, np.ones(ROWS, bool))})
    assert _new(parts, none)[0] == f"PR0000-{17 + ROWS}"


@pytest.mark.parametrize(
    "texts",
    [[f"LN{100_000 + 7 * at}" for at in range(ROWS)], [str(at) for at in range(ROWS)],
     [str(uuid.UUID(int=at * 7**40)) for at in range(ROWS)], ["name " + "x" * at for at in range(ROWS)],
     [f"{'ab'[at % 2] * at}-1" for at in range(ROWS)], ["A1-2021", "B2-2020"] * 5,
     [f"L2021-{at}" for at in range(ROWS)]],
    ids=["counted", "whole", "uuid", "names", "names of a number", "few", "one year"],
)  # fmt: skip
def test_identifiers_of_no_parts(texts):
    table = _table().take(slice(0, len(texts)))
    assert IdParts.find(texts, table) is None


@pytest.mark.parametrize("every", [10, 25])
def test_a_year_that_is_another_one_in_some_rows_is_not_said(every):
    texts = _texts("PR{y}-{i}")
    texts[::every] = [f"PR2030-{at}" for at in range(len(texts[::every]))]
    parts = IdParts.find(texts, _table())
    assert parts.said == ()
    assert set(parts.forms) == {f"PR{year}-\uf8ff" for year in (*range(2018, 2024), 2030)}


def test_a_date_of_hardly_more_than_one_year_does_not_say_a_constant():
    """All but three openings are in 2021 and every identifier says 2021: a constant, not the year."""
    days = np.where(np.arange(ROWS) < 3, np.datetime64("2020-05-01"), np.datetime64("2021-05-01"))
    table = MixedTable({"opened": _days(days)}, ROWS)
    assert IdParts.find([f"PR2021-{at:04d}" for at in range(ROWS)], table) is None


def test_cells_of_types():
    table, numbers = _table(), [int(one) for one in _texts("{y}{i:05d}")]
    rng = np.random.default_rng(1)
    cells = pa.chunked_array([pa.array(numbers, pa.int64())])
    parts = IdParts.of_cells(cells, table)
    made = parts.cells(0, table, rng, pa.int64())
    assert made[0].as_py() == int(f"{YEAR[0]:.0f}{17 + ROWS:05d}")
    coded = pa.dictionary(pa.int32(), pa.string())
    texts = pa.chunked_array([pa.array(_texts("PR{y}-{i}")).dictionary_encode()])
    assert IdParts.of_cells(texts, table).cells(0, table, rng, coded).type == coded
    assert IdParts.of_cells(pa.chunked_array([pa.array([0.5] * ROWS)]), table) is None
    with pytest.raises(FitError, match="do not fit int16"):
        parts.cells(0, table, rng, pa.int16())


def test_empty_identifiers_are_no_rows():
    texts = [None if at % 5 == 0 else one for at, one in enumerate(_texts("PR{y}-{i}"))]
    parts = IdParts.find(texts, _table())
    assert [one.part for one in parts.said] == ["year"]
    assert parts.last == 16 + ROWS
