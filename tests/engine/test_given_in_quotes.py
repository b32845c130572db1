"""Names and values with commas, equals signs and quotes in ``--given``; words that mean empty."""

import pandas as pd
import pytest

import finsim
from finsim.engine.learned.given_parts import parts
from finsim.errors import StudyError


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    rows = 80
    data = pd.DataFrame({
        "Betrag, EUR": [f"{100 + k % 7}.50" for k in range(rows)],
        "Ort": ["Berlin, Mitte", "Ulm", 'Haus "Eck"', "a=b"] * (rows // 4),
        "Alter": ["-" if k % 3 == 0 else str(30 + k % 9) for k in range(rows)],
    })  # fmt: skip
    folder = tmp_path_factory.mktemp("quotes")
    data.to_csv(folder / "tape.csv", index=False)
    (folder / "tape.yaml").write_text(
        'finsim: schema/1\nkind: table\ncolumns:\n  betrag: {from: "Betrag, EUR", type: float}\n'
        '  Ort: {type: cat}\n  Alter: {type: int, null: ["-"]}\n'
    )
    return finsim.fit(folder / "tape.csv", "bayes", kind="table", schema=folder / "tape.yaml", progress=False)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('a="x, y",b=1', [("a", "x, y"), ("b", "1")]),
        ('"a, b"=1,c=2', [("a, b", "1"), ("c", "2")]),
        ('"a=b"=1', [("a=b", "1")]),
        ('a="say ""no"", please"', [("a", 'say "no", please')]),
        ('a=Haus "Eck"', [("a", 'Haus "Eck"')]),
        ("a=b=c", [("a", "b=c")]),
        ("a=,b", [("a", ""), ("b", None)]),
    ],
)
def test_what_stands_in_quotes_is_not_cut(text, wanted):
    assert [(one.header, one.value) for one in parts(text, ["a", "b"])] == wanted


@pytest.mark.parametrize(
    ("given", "column", "cell"),
    [
        ('"Betrag, EUR"=103.5', "Betrag, EUR", 103.5),
        ('"betrag, eur"=103.5', "Betrag, EUR", 103.5),
        ('Ort="Berlin, Mitte"', "Ort", "Berlin, Mitte"),
        ('Ort="Haus ""Eck"""', "Ort", 'Haus "Eck"'),
        ("Ort=a=b", "Ort", "a=b"),
    ],
)
def test_given_names_and_values_hold(model, given, column, cell):
    rows = finsim.sample(model, rows=5, given=given, progress=False).to_pandas()
    assert rows[column].tolist() == [cell] * 5


def test_a_word_that_means_empty_is_no_value(model):
    rows = finsim.sample(model, rows=5, given="Alter=-", progress=False).to_pandas()
    assert rows["Alter"].isna().all()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("Betrag, EUR=103.5", """--given '"Betrag, EUR"=VALUE'"""),
        ("Ort=Berlin, Mitte", """--given 'Ort="Berlin, Mitte"'"""),
        ('Ort=Haus "Eck', "is written twice"),
    ],
)
def test_a_comma_that_may_part_or_belong_is_refused_with_the_way_to_write_it(model, given, said):
    with pytest.raises(StudyError) as refused:
        finsim.sample(model, rows=5, given=given, progress=False)
    assert any(said in one.remedy for one in refused.value.problems)
