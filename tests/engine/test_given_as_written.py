"""Given cells are written as the data are; what was never seen is said."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import finsim
from finsim.engine.learned.given_cells import _cell
from finsim.engine.learned.models import given_remarks
from finsim.engine.learned.saved_forms import OutputForm
from finsim.engine.learned.text_form import TextForm
from finsim.errors import StudyError
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
