"""What two tables are read as: kind, roles, types of the real side, and columns of other spellings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finsim.errors import DataError, StudyError
from finsim.evaluation import METRICS
from finsim.evaluation.reading.guessed_roles import Named
from finsim.evaluation.reading.read_as import read_as
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import UNFIT
from finsim.evaluation.tables.table_case import table_case
from finsim.randomness import Streams
from finsim.records.columns import INTERNAL, KEY, LABEL, column
from finsim.tables import Dialect, Field, Schema

DAYS = pd.date_range("2020-01-01", periods=120)
WORDS = {"bars": "bars", "table": "table", "events": "events"}


def loans(rows: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame({
        "loan_id": [f"L{k:05d}" for k in range(rows)], "amount": rng.integers(1_000, 9_000, rows),
        "income": rng.normal(3_000, 300, rows).round(2), "job": rng.choice(["a", "b"], rows),
        "issue_date": DAYS[rng.integers(0, 120, rows)], "default": rng.integers(0, 2, rows),
    })  # fmt: skip


def payments() -> pd.DataFrame:
    return pd.DataFrame({"card_id": np.repeat(np.arange(30), 4), "ts": np.tile(DAYS[:4], 30), "amount": 7.25})


def read(real, own=None, kind=None, schema=None, spare=None, dialect=None, **named):
    return read_as(real, real if own is None else own, spare, kind, Named(**named), schema, dialect)


KINDS = {
    "closes": (pd.DataFrame({"date": DAYS, "AAPL": np.linspace(1, 2, 120), "IBM": 5.0}), "bars"),
    "open high low close": (pd.DataFrame(np.ones((50, 4)), columns=["Open", "High", "Low", "Close"]), "bars"),
    "a date and money of people": (
        pd.DataFrame({"date": DAYS, "balance": np.linspace(1, 2, 120), "income": 5.5, "age": 40.5}), "table"),
    "levels of many rows a day": (
        pd.DataFrame({"date": np.repeat(DAYS[:40], 3), "x": np.linspace(1, 2, 120), "y": 5.5}), "table"),
    "loans": (loans(), "table"),
    "payments of cards": (payments(), "events"),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_the_kind_is_guessed_said_and_can_be_given(name):
    frame, kind = KINDS[name]
    found = read(frame)
    assert found.kind == kind
    assert found.remarks[0].startswith(f"read as: {kind}")
    assert read(frame, kind="table").kind == "table"


def test_roles_are_guessed_from_headers_and_given_ones_come_first():
    found = read(loans())
    assert (found.roles.id, found.roles.time, found.roles.label) == ("loan_id", "issue_date", "default")
    given = read(loans(), label="job", secret=("income",), group=("job", "default"))
    assert given.roles.label == "job"
    assert given.roles.secrets == ("income",)
    assert given.remarks[0].endswith("secret income, group job, default")


def test_a_label_has_few_values():
    many = loans().assign(default=np.arange(120))
    assert read(many).roles.label is None


def test_unknown_columns_and_kinds_are_told_all_at_once():
    with pytest.raises(StudyError) as wrong:
        read(loans(), label="defualt", secret=("incom", "job"))
    assert [problem.remedy for problem in wrong.value.problems] == [
        "did you mean 'default'?",
        "did you mean 'income'?",
    ]
    with pytest.raises(StudyError, match="did you mean 'table'"):
        read(loans(), kind="tabel")
    with pytest.raises(StudyError, match="--id COLUMN"):
        read(loans()[["income", "job"]], kind="events")
    with pytest.raises(StudyError, match="bars have no such column"):
        read(loans(), kind="bars", label="default")


def test_a_schema_declares_types_roles_and_names():
    schema = Schema({
        "sum": Field("float", source="amount"), "bad": Field("bool", source="default", role="outcome"),
        "job": Field("cat"), "loan_id": Field("id", role="id"),
    })  # fmt: skip
    found = read(loans(), schema=schema)
    assert found.kind == "table"
    assert found.sides.real.schema.field("sum").type == pa.float64()
    assert found.roles.label == "bad"
    assert read(loans(), schema=schema, label="default").roles.label == "bad"  # by its header too
    assert "not declared, so not read: income, issue_date" in found.remarks


def test_a_schema_of_prices_is_bars():
    fields = {"day": Field("date"), "level": Field("float", as_="difference")}
    assert read(loans(), schema=Schema(fields)).kind == "bars"


def test_finsims_own_files_say_what_columns_are(tmp_path):
    fields = [column("row", pa.int64(), "", role=KEY), column("x", pa.float64(), ""),
              column("_fs", pa.int64(), "", role=INTERNAL), column("is_odd", pa.bool_(), "", role=LABEL),
              column("status", pa.string(), "")]  # fmt: skip
    rng = np.random.default_rng(1)
    columns = [np.arange(60), rng.normal(size=60), np.zeros(60, int), np.arange(60) % 2 > 0, ["a", "b"] * 30]
    file = tmp_path / "own.parquet"
    pq.write_table(pa.table(columns, schema=pa.schema(fields)), file)
    found = read(file)
    assert (found.roles.id, found.roles.label) == ("row", "is_odd")
    told = {
        field.name: (field.metadata or {}).get(b"role", b"").decode() for field in found.sides.real.schema
    }
    assert (told["row"], told["_fs"]) == (KEY, INTERNAL)
    without = pa.table(columns[:3], schema=pa.schema(fields[:3])).append_column(fields[4], [["a", "b"] * 30])
    assert read(without).roles.label is None  # a status that the file does not call an answer


def test_a_column_of_ids_is_a_key_unless_it_is_named():
    frame = loans().assign(contract_no=[f"C{k}" for k in range(120)])
    real = read(frame).sides.real
    assert real.schema.field("contract_no").metadata[b"role"] == KEY.encode()
    assert (
        read(frame, secret=("contract_no",)).sides.real.schema.field("contract_no").metadata[b"role"]
        == b"feature"
    )


SPELLINGS = {
    "another dialect": lambda d: d.to_csv(sep=";", decimal=",", index=False),
    "quoted": lambda d: d.to_csv(quoting=1, index=False),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_text_is_read_as_it_is_written_and_typed_as_the_real_side(tmp_path, spelling):
    file = tmp_path / "own.csv"
    file.write_text(SPELLINGS[spelling](loans()))
    own = read(loans(), file).sides.own
    assert own["income"].to_pylist() == loans()["income"].tolist()
    assert pa.types.is_temporal(own.schema.field("issue_date").type)


FITTING = {
    "numbers as text": (lambda d: d.assign(amount=d["amount"].astype(str)), "amount", pa.int64()),
    "fractions": (lambda d: d.assign(amount=d["amount"] + 0.5), "amount", pa.float64()),
    "no value": (lambda d: d.assign(amount=None), "amount", pa.int64()),
    "days as text": (
        lambda d: d.assign(issue_date=d["issue_date"].dt.strftime("%Y-%m-%d")),
        "issue_date",
        None,
    ),
    "infinite": (
        lambda d: d.assign(amount=np.where(np.arange(120) < 2, np.inf, d["amount"])),
        "amount",
        pa.float64(),
    ),
}


@pytest.mark.parametrize("name", FITTING)
def test_synthetic_cells_become_the_real_type_where_they_can(name):
    change, header, kind = FITTING[name]
    field = read(loans(), change(loans())).sides.own.schema.field(header)
    assert UNFIT not in (field.metadata or {})
    assert field.type == kind or (kind is None and pa.types.is_temporal(field.type))


def test_cells_that_cannot_be_read_are_told_and_no_other_column_is_lost():
    amounts = loans()["amount"].astype(str).tolist()
    own = read(loans(), loans().assign(amount=[*amounts[:-2], "lots", "n/k"], job=5)).sides.own
    told = own.schema.field("amount").metadata[UNFIT].decode()
    assert told.startswith(
        "text on the synthetic side where the real side has numbers: 2 cells cannot be read"
    )
    assert "'lots'" in told
    assert own["job"].to_pylist()[:1] == ["5"]
    assert own["income"].null_count == 0


def test_a_header_of_another_spelling_is_another_column():
    own = read(loans(), loans().rename(columns={"income": "Income"})).sides.own
    assert "income" not in own.column_names
    assert "Income" in own.column_names


def test_columns_that_no_type_reads_and_headers_that_stand_twice_are_named():
    lists = loans().assign(tags=[[1, 2]] * 120)
    real = read(lists).sides.real
    assert b"no type can hold its cells" in real.schema.field("tags").metadata[UNFIT]
    twice = loans()
    twice.columns = ["loan_id", "amount", "amount", "job", "issue_date", "default"]
    assert read(twice).sides.real.schema.field("amount").metadata[UNFIT] == b"the header stands twice"
    nameless = read(loans().rename(columns={"job": ""})).sides.real.schema.field("")
    assert nameless.metadata[UNFIT] == b"not compared: its header is empty; give it a name"


def test_a_hold_out_is_real_and_has_to_fit():
    with pytest.raises(DataError, match="no column 'income'"):
        read(loans(), spare=loans().drop(columns="income"))
    with pytest.raises(DataError, match="lots"):
        read(loans(), spare=loans().assign(amount="lots"))


def test_text_of_the_real_side_is_read_as_declared(tmp_path):
    file = tmp_path / "real.csv"
    file.write_text(loans().to_csv(sep=";", decimal=",", index=False))
    found = read(file, dialect=Dialect(sep=";", decimal=","))
    assert pa.types.is_floating(found.sides.real.schema.field("income").type)
    assert read(file).sides.real["income"].to_pylist() == loans()["income"].tolist()


def test_sides_without_rows_are_told():
    with pytest.raises(DataError, match="no rows"):
        read(loans().iloc[:0])


def test_a_column_that_is_there_and_cannot_be_used_is_not_said_to_lack():
    nested = loans().assign(parts=[[1, 2]] * 120)
    with pytest.raises(StudyError, match="no type can hold the cells of 'parts'"):
        read(nested, group=("parts",))


def cards(header: str, cells=None) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    days = pd.date_range("2024-01-01", periods=510, freq="h")
    return pd.DataFrame({
        header: cells or [f"K{k:04d}" for k in range(30) for _ in range(17)], "Datum": days,
        "Betrag": rng.lognormal(3, 1, 510).round(2), "Filiale": rng.choice(["a", "b"], 510),
    })  # fmt: skip


@pytest.mark.parametrize(
    "header", ["Karte", "Kartennummer", "Konto", "Kunde", "card", "customer", "cliente", "compte"]
)
def test_cards_accounts_and_customers_are_entities_by_their_headers(header):
    found = read(cards(header))
    assert (found.kind, found.roles.id) == ("events", header)


def test_a_column_that_may_be_the_entity_is_asked_about():
    found = read(cards("Karten Kennung"))
    assert (found.kind, found.roles.id) == ("table", None)
    asked = "`Karten Kennung` repeats 17 times on average; if it is the entity, write --id 'Karten Kennung'"
    assert asked in found.remarks
    assert read(cards("Karten Kennung"), id="Karten Kennung").kind == "events"
    assert not [one for one in read(cards("Karten Kennung"), kind="table").remarks if "repeats" in one]
    for rows in (
        cards("Wort"),
        cards("Kontostand", list(range(34)) * 15),
        cards("Karten Art", ["visa", "giro", "ec"] * 170),
        loans(),
    ):
        assert not [one for one in read(rows).remarks if "repeats" in one]


def test_a_named_label_is_kept_and_a_time_without_dates_is_refused():
    found = read(loans(), label="loan_id")
    assert (found.roles.label, found.roles.id) == ("loan_id", None)
    with pytest.raises(StudyError) as wrong:
        read(loans(), time="income", id="loan_id", label="loan_id")
    told = {one.place: (one.found, one.remedy) for one in wrong.value.problems}
    assert told["evaluate: time"][0] == "column 'income' holds numbers, no dates"
    assert "schema" in told["evaluate: time"][1]
    assert told["evaluate: label"][0] == "'loan_id' is --id already"
    with pytest.raises(StudyError, match="column 'job' holds text"):
        read(loans(), time="job")


def test_a_column_that_the_real_side_lacks_fails_and_share_is_not_computed(tmp_path):
    names = [f"Mr {k}" for k in range(120)]
    rows, more = loans().drop(columns="loan_id"), loans().drop(columns="loan_id").assign(remark=names)
    found = read(rows, more)
    case = table_case(found.sides.real, found.sides.own, None, found.roles, Streams(1), Settings())
    shape = {one.subject: one for one in METRICS.load("table_shape").compute(case)}
    assert shape["remark"].verdict == "fail"
    assert shape["remark"].reason == "the real side has no such column"
    fresh = found.sides.own.set_column(0, "amount", [np.arange(90_000, 90_120)])  # no row is a copy
    case = table_case(found.sides.real, fresh, None, found.roles, Streams(1), Settings())
    (copies,) = METRICS.load("row_copies").compute(case)
    assert (copies.verdict, "remark" in copies.reason) == ("not computed", True)
    fields = [column("amount", pa.int64(), "loan"), column("is_fraud", pa.bool_(), "", role=LABEL)]
    stored = pa.table([np.arange(120), np.zeros(120, bool)], schema=pa.schema(fields))
    pq.write_table(stored, tmp_path / "own.parquet")
    found = read(rows[["amount"]], tmp_path / "own.parquet")
    case = table_case(found.sides.real, found.sides.own, None, found.roles, Streams(1), Settings())
    shape = {one.subject: one.verdict for one in METRICS.load("table_shape").compute(case)}
    assert shape == {"all columns": "pass", "is_fraud": "warn"}  # a label that finsim stores beside the rows


def test_two_tables_without_a_common_column_are_refused_in_one_sentence():
    with pytest.raises(DataError, match="no column in common") as error:
        read(loans(), payments().rename(columns={"amount": "sum"}))
    (problem,) = error.value.problems
    assert "loan_id" in problem.remedy
    assert "card_id" in problem.remedy
    assert read(loans(), payments()).sides is not None
