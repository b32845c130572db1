"""What `fit`, `inject` and studies say of data and options that they cannot use: place, reason and remedy."""

import warnings
from dataclasses import dataclass

import pytest

import finsim as fs
from finsim.engine.learned_payments.training_ledger import payment_ledger
from finsim.engine.study.study_file import study_of
from finsim.errors import DataError, FinsimError, FitError, PrivacyBudgetError, StudyError
from finsim.generators.events.requests import check_sample
from finsim.generators.settings_parsing import read_settings
from finsim.tables import Dialect, load_schema

STORY = "card_testing_escalation"
KEYS = {
    "card": "{type: id, role: from_account}", "when": "{type: ts, role: date}",
    "shop": "{type: id, role: merchant}", "fee": "{type: float}", "kind": "{type: cat}",
    "amount": "{type: float, role: amount}",
}  # fmt: skip


def ledger(tmp_path, cells=(), **keys):
    """Write a ledger of 30 cards and its schema; ``cells``: amounts by row, ``keys``: other declarations."""
    rows = [
        [
            f"C{i % 30}",
            f"2024-01-{i % 28 + 1:02d} {i % 24:02d}:10:00",
            f"M{i % 7}",
            f"{i % 4}.50",
            "a",
            f"{i}.25",
        ]
        for i in range(240)
    ]
    for row, cell in dict(cells).items():
        rows[row][5] = cell
    path, schema = tmp_path / "t.csv", tmp_path / "s.yaml"
    path.write_text("\n".join([",".join(list(KEYS)), *map(",".join, rows)]) + "\n")
    columns = "".join(f"  {name}: {text}\n" for name, text in {**KEYS, **keys}.items())
    schema.write_text(f"finsim: schema/1\nkind: payments\ncolumns:\n{columns}")
    return path, schema


def problem_of(error, call):
    with pytest.raises(error) as caught:
        call()
    return caught.value.problems[0]


def test_an_amount_beyond_all_money_is_refused_with_its_row_and_without_a_warning(tmp_path):
    path, schema = ledger(tmp_path, {5: "1e308"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = problem_of(DataError, lambda: fs.fit(path, schema=schema, generator="habits", kind="events"))
    assert (found.place, found.expected) == ("t.csv: column 'amount', row 6", "amounts up to 9.0072e+13")
    assert found.remedy


@pytest.mark.parametrize("verb", ["fit", "inject"])
def test_a_direction_of_other_words_is_refused_with_them(tmp_path, verb):
    path, schema = ledger(tmp_path, kind="{type: cat, role: direction}")
    calls = {
        "fit": lambda: fs.fit(path, schema=schema, generator="habits"),
        "inject": lambda: fs.inject(
            path, schema=schema, narratives=[STORY], rate=0.02, output=tmp_path / "o"
        ),
    }
    found = problem_of(DataError, calls[verb])
    assert found.found == "holds 'a' (240 rows)"
    assert "direction" in found.expected
    assert "role: none" in found.remedy
    assert not (tmp_path / "o").exists()


def study(path, schema, **keys):
    part = {"data": str(path), "schema": str(schema), "body": "habits", "narratives": [STORY], **keys}
    return study_of({"finsim": "study/1", "id": "x", "seed": 1, "transactions": part}).transactions


def test_cents_in_a_currency_without_are_refused_where_the_study_says_it(tmp_path):
    path, schema = ledger(tmp_path, {0: "7", 1: "8"})
    found = problem_of(DataError, lambda: payment_ledger(study(path, schema, currency="JPY")))
    assert "238 of 240 amounts in 'amount' have more decimals, such as 30.25; JPY has 0" in found.found
    assert found.remedy
    assert not [
        one for one in payment_ledger(study(path, schema, currency="EUR")).remarks if "decimals" in one
    ]


def test_parts_of_a_cent_are_told_where_nobody_said_the_currency(tmp_path):
    path, schema = ledger(tmp_path, {0: "7.125"})
    told = [one for one in payment_ledger(study(path, schema)).remarks if "rounded" in one]
    assert len(told) == 1
    assert told[0].startswith("1 of 240 amounts in 'amount' have more decimals, such as 7.125, than USD (2)")


def test_a_column_that_the_data_lack_is_told_and_so_is_its_default(tmp_path):
    path, schema = ledger(tmp_path, extra="{type: int, default: 5}")
    model = fs.fit(path, schema=schema, generator="habits", kind="events")
    assert "new rows have none: extra (default 5)" in model.data["read_as"]
    made = fs.inject(path, schema=schema, narratives=[STORY], rate=0.02, output=tmp_path / "o")
    assert any("new rows have none: extra (default 5)" in one for one in made.remarks)


@pytest.mark.parametrize(("kind", "keys"), [("payments", "type: float"), ("loans", "type: float"),
                                            ("prices", "type: cat"), ("table", "type: ts")])  # fmt: skip
def test_a_series_of_what_is_none_is_refused(tmp_path, kind, keys):
    path = tmp_path / "s.yaml"
    path.write_text(f"finsim: schema/1\nkind: {kind}\ncolumns:\n  fee: {{{keys}, as: return}}\n")
    found = problem_of(DataError, lambda: load_schema(path))
    assert "s.yaml:4:" in found.place
    assert "`as: return`" in found.found
    assert "remove it" in found.remedy
    path.write_text("finsim: schema/1\nkind: prices\ncolumns:\n  fee: {type: float, as: return}\n")
    assert load_schema(path).fields["fee"].as_ == "return"


def test_days_instead_of_times_leave_the_decimals_of_other_columns(tmp_path):
    path, schema = ledger(tmp_path, when="{type: date, role: date}")
    path.write_text(_without_hours(path))
    model = fs.fit(path, schema=schema, generator="habits", kind="events")
    fs.sample(model, entities=5, output=tmp_path / "o.csv")
    fees = [line.split(",")[3] for line in (tmp_path / "o.csv").read_text().splitlines()[1:]]
    assert fees
    assert all(one.endswith(".50") for one in fees)


def _without_hours(path):
    lines = path.read_text().splitlines()
    cells = [line.split(",") for line in lines]
    return "\n".join(",".join([one[0], one[1][:10], *one[2:]]) for one in cells) + "\n"


def test_a_table_of_few_rows_is_refused_by_its_file_with_a_remedy(tmp_path):
    path = tmp_path / "few.csv"
    path.write_text("a,b\n1,x\n2,y\n")
    found = problem_of(FitError, lambda: fs.fit(path, kind="table", generator="bayes"))
    assert (found.place, found.remedy) == (str(path), "give more rows")
    assert found.found == "the table has 2 rows and 2 columns to learn"


def test_wrong_options_say_which_and_what_to_write(tmp_path):
    path, schema = ledger(tmp_path)
    unit = problem_of(
        PrivacyBudgetError,
        lambda: fs.fit(
            path, schema=schema, generator="events", epsilon=1.0, unit="foo", output=tmp_path / "m"
        ),
    )
    assert (unit.place, unit.found) == ("fit: unit", "'foo' is no unit of events")
    assert "'entity'" in unit.remedy
    days = problem_of(FitError, lambda: check_sample(1, 0, 40_000, None))
    assert (days.place, days.remedy) == ("sample: days", "ask for fewer, or sample more entities")
    key = problem_of(StudyError, lambda: Dialect.parse("foo=1"))
    assert key.found == "unknown key 'foo'"
    assert "sep" in key.remedy
    assert problem_of(StudyError, lambda: Dialect.parse("foo")).found == "'foo' is no KEY=VALUE"
    twice = problem_of(
        StudyError, lambda: fs.inject(path, schema=schema, narratives=[STORY, STORY], output=tmp_path / "o")
    )
    assert twice.remedy == "name it once"


def test_a_setting_of_a_generator_without_settings_has_a_remedy():
    @dataclass(frozen=True)
    class Settings:
        """None."""

    bare = type("Bare", (), {"Settings": Settings})
    with pytest.raises(FinsimError) as caught:
        read_settings(bare, {"foo": 1}, "body.settings", StudyError)
    assert "no settings" in caught.value.problems[0].remedy
