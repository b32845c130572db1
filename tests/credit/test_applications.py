import gzip

import pytest

from finsim.credit.applications import read_applications
from finsim.errors import DataError

GOOD = """age,amount,duration,default,purpose,score
34,1200.50,12,0,car (new),0.3
51,8000,36,1,repairs,0.9
27,500,6,no,other thing,0.1
"""


def written(tmp_path, text):
    path = tmp_path / "loans.csv"
    path.write_text(text)
    return path


def test_german_layout_is_typed(applications):
    assert len(applications) == 1_000
    assert applications["bad"].sum() == 300
    assert applications["currency"].unique().tolist() == ["DEM"]
    assert [applications[name].dtype.kind for name in ("age", "amount", "term_months", "bad")] == list("ifib")
    assert applications["amount"].max() == 18_424
    assert set(applications["sector"]) == {"auto", "business", "durables", "education", "household"}
    assert set(applications["loan_class"]) == {"auto", "consumer", "corporate"}
    assert applications.isna().sum().sum() == 0


def test_own_layout(tmp_path):
    frame = read_applications(written(tmp_path, GOOD))
    assert frame["term_months"].tolist() == [12, 36, 6]
    assert frame["bad"].tolist() == [False, True, False]
    assert frame["loan_class"].tolist() == ["auto", "consumer", "consumer"]
    assert frame["score"].dtype.kind == "f"
    assert frame["currency"].tolist() == ["", "", ""]


def test_gzip_is_read(tmp_path):
    path = tmp_path / "loans.csv.gz"
    path.write_bytes(gzip.compress(GOOD.encode()))
    assert len(read_applications(path)) == 3


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (("1200.50", "much"), ("column 'amount', line 2", "'much'", "correct or drop")),
        (("8000", "-8000"), ("column 'amount', line 3", "-8000", "a number above 0")),
        (("27,500", "12,500"), ("column 'age', line 4", "whole number from 18 to 100")),
        (("34,1200.50,12", "34,1200.50,12.5"), ("column 'duration', line 2", "'12.5'")),
        (("34,1200.50", "34,"), ("column 'amount', line 2", "an empty cell", "null: true")),
        ((",no,", ",maybe,"), ("column 'default', line 4", "good/bad, 0/1")),
        (("amount", "amuont"), ("no column 'amount'", "did you mean 'amuont'?")),
        (("default", "outcome"), ("no column 'bad'", "accepted names: bad, creditability, default")),
        ((",1,repairs", ",0,repairs"), ("all rows have one outcome",)),
        (("age,amount,duration", "age,amount,age"), ("'age' stands twice",)),
        (("purpose", "loan_class"), ("no loan class 'car (new)'",)),
    ],
)
def test_broken_files_are_refused_with_place_and_remedy(tmp_path, change, parts):
    with pytest.raises(DataError) as caught:
        read_applications(written(tmp_path, GOOD.replace(*change)))
    for part in parts:
        assert part in str(caught.value)


def test_all_problems_are_listed_at_once(tmp_path):
    text = GOOD.replace("1200.50", "x").replace("51,", "7,").replace(",no,", ",?,")
    with pytest.raises(DataError) as caught:
        read_applications(written(tmp_path, text))
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("text", ["", "age,amount,duration,default\n"])
def test_empty_files(tmp_path, text):
    with pytest.raises(DataError, match=r"empty|no rows"):
        read_applications(written(tmp_path, text))


def test_files_that_are_missing_or_not_text(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_applications(tmp_path / "none.csv")
    path = tmp_path / "bad.csv.gz"
    path.write_bytes(b"this is not gzip")
    with pytest.raises(DataError, match=r"no rows|not a text table"):
        read_applications(path)
