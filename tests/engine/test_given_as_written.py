"""Given cells are written as the data are; what was never seen is said."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import finsim
from finsim.engine.learned.given_cells import _cell, given_cells
from finsim.engine.learned.models import given_remarks
from finsim.engine.learned.saved_forms import OutputForm
from finsim.engine.learned.text_form import TextForm
from finsim.errors import StudyError
from finsim.generators.tables.reduced_columns import Reduction
from finsim.tables import Dialect
from finsim.tables.writing.text_look import CellForm, TextLook

FORM = TextForm(
    Dialect(sep=";", decimal=","),
    {"day": "%d/%m/%Y", "ts": "%d.%m.%Y %H:%M"},
    {"ts": "Europe/Berlin"},
    {"flag": ("1", "0"), "word": ("Ja", "Nein")},
    look=TextLook(numbers={"share": CellForm("{} %", "-{} %", decimals=1, places=2)}),
)
OUTPUT = OutputForm((), pa.schema([]), {}, text=FORM, zones={"ts": "Europe/Berlin"})


def _nanos(text: str) -> float:
    return float(np.datetime64(text, "ns").astype(np.int64))


@pytest.mark.parametrize(
    ("name", "kind", "text", "cell"),
    [
        ("flag", pa.bool_(), "1", "true"), ("flag", pa.bool_(), "0", "false"),
        ("flag", pa.bool_(), "True", "true"), ("word", pa.bool_(), "JA", "true"),
        ("word", pa.bool_(), "nein", "false"), ("share", pa.float64(), "7,5 %", 0.075),
        ("share", pa.float64(), "0.075", 0.075),
        ("day", pa.date32(), "20/08/2020", _nanos("2020-08-20")),
        ("day", pa.date32(), "2020-08-20", _nanos("2020-08-20")),
        ("ts", pa.timestamp("us", "UTC"), "01.07.2025 00:30", _nanos("2025-07-01T00:30")),  # as it is learned
        ("x", pa.float64(), "6200,50", 6200.5), ("x", pa.float64(), "6200.50", 6200.5),
    ],
)  # fmt: skip
def test_a_cell_is_written_as_in_the_data(name: str, kind: pa.DataType, text: str, cell: object) -> None:
    assert _cell(text, name, pa.field(name, kind), OUTPUT) == cell


def test_an_unseen_number_and_a_missing_value_are_said() -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame(
        {
            "term": rng.choice([12, 24, 36], 120),
            "rate": rng.normal(5, 1, 120).round(3),
            "word": list("abc") * 40,
        }
    )
    model = finsim.fit(data, "bayes", kind="table", progress=False)
    (said,) = given_remarks(model, "term=25,rate=5.5,word=a")
    assert said.startswith("term=25 was never seen: the data have 12, 24, 36")
    assert given_remarks(model, "term=24") == ()
    assert given_remarks(model, "Term=25") == (said,)
    made = finsim.sample(model, rows=3, given="TERM=24,Word=a", progress=False).to_pandas()
    assert ((made["term"] == 24) & (made["word"] == "a")).all()
    with pytest.raises(StudyError, match="'word' without a value") as bad:
        finsim.sample(model, rows=3, given="word", progress=False)
    assert bad.value.problems[0].remedy == "write word=VALUE"


_TAPE = TextForm(
    Dialect(sep=";", decimal=",", thousands="."),
    look=TextLook(numbers={"paid": CellForm("€ {}", "(€ {})", grouped=True)}),
)
_US = TextForm(Dialect(decimal=".", thousands=","))


@pytest.mark.parametrize(
    ("form", "name", "text", "number"),
    [
        (_TAPE, "x", "10.000,00", 10_000.0), (_TAPE, "x", "10.000", 10_000.0), (_TAPE, "x", "6,50", 6.5),
        (_TAPE, "x", "-1.234.567,8", -1_234_567.8), (_TAPE, "x", "0.125", 0.125), (_TAPE, "x", "1.5", 1.5),
        (_TAPE, "paid", "€ 1.000,5", 1_000.5), (_TAPE, "paid", "(€ 1.000,5)", -1_000.5),
        (_US, "x", "10,000.50", 10_000.5), (_US, "x", "10.500", 10.5),
    ],
)  # fmt: skip
def test_thousands_in_quotes_are_those_of_the_data(form, name, text, number) -> None:
    output = OutputForm((), pa.schema([]), {}, text=form)
    assert _cell(text, name, pa.field(name, pa.float64()), output, in_quotes=True) == number


def test_a_point_that_may_stand_between_thousands_is_refused_without_quotes() -> None:
    output = OutputForm((), pa.schema([]), {}, text=_TAPE)
    with pytest.raises(ValueError, match=r'^10000, or "10,000" in quotes$'):
        _cell("10.000", "x", pa.field("x", pa.float64()), output)
    assert _cell("10.00", "x", pa.field("x", pa.float64()), output) == 10.0


@pytest.mark.parametrize(
    ("form", "pieces", "remedy"),
    [
        (_TAPE, ("10.000", "00"), """quote it, for the shell too: --given 'x="10.000,00"'"""),
        (_TAPE, ("6", "50"), """quote it, for the shell too: --given 'x="6,50"'"""),
        (_US, ("1", "000", "000.5"), """quote it, for the shell too: --given 'x="1,000,000.5"'"""),
        (TextForm(), ("6", "5"), "write x=6.5"), (TextForm(), ("1", "500"), "write x=1500 or x=1.500"),
    ],
)  # fmt: skip
def test_a_number_split_at_its_comma_is_told_whole(form, pieces, remedy) -> None:
    output = OutputForm(("x",), pa.schema([("x", pa.float64())]), {}, text=form)
    nothing = Reduction(("x",), {}, {})
    with pytest.raises(StudyError) as bad:
        given_cells(f"x={','.join(pieces)}", output, nothing)
    (one,) = bad.value.problems
    assert (one.place, one.remedy) == ("given x", remedy)
    with pytest.raises(StudyError, match=r"no column '5th'"):
        given_cells("x=1,5th", output, nothing)
