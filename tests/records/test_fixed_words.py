"""Columns whose words are fixed have one dictionary in every file, run and row group."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finsim.records.columns import TEXT, column, never_null, words_of
from finsim.records.parties.party_tables import PARTY_SCHEMAS
from finsim.records.portfolio import LOAN_COLUMNS, MONTH_SCHEMA
from finsim.records.storage import write_table
from finsim.records.transactions import ACCOUNT_SCHEMA, FEATURE_SCHEMA, LABEL_SCHEMA, PATTERN_SCHEMA

WORDS = ("a", "b", "c")
SCHEMA = pa.schema(
    [column("word", TEXT, "a word", null="sometimes", words=WORDS), column("free", TEXT, "any")]
)


def rows(words: list[str | None]) -> pa.Table:
    free = [word or "-" for word in words]
    return pa.table({"word": pa.array(words).dictionary_encode(), "free": pa.array(free).dictionary_encode()})


def dictionaries(file: Path, name: str) -> list[list[str]]:
    read = pq.ParquetFile(file)
    groups = range(read.num_row_groups)
    return [read.read_row_group(i, [name]).column(0).combine_chunks().dictionary.to_pylist() for i in groups]


@pytest.mark.parametrize("words", [["c", "a"], ["b", None, "b"], ["a", "b", "c", "a"], [None, None], []])
def test_the_words_of_a_file_never_depend_on_its_rows(tmp_path: Path, words: list[str | None]) -> None:
    write_table(tmp_path / "x.parquet", SCHEMA, [rows(words)], rows=2)
    assert all(found == list(WORDS) for found in dictionaries(tmp_path / "x.parquet", "word"))
    assert pq.read_table(tmp_path / "x.parquet")["word"].to_pylist() == words


def test_other_words_come_behind_and_free_columns_keep_their_own(tmp_path: Path) -> None:
    write_table(tmp_path / "x.parquet", SCHEMA, [rows(["z", "c", "y", "z"])])
    assert dictionaries(tmp_path / "x.parquet", "word") == [["a", "b", "c", "z", "y"]]
    assert dictionaries(tmp_path / "x.parquet", "free") == [["z", "c", "y"]]
    assert pq.read_table(tmp_path / "x.parquet")["word"].to_pylist() == ["z", "c", "y", "z"]


def test_bytes_do_not_depend_on_how_rows_were_cut(tmp_path: Path) -> None:
    words = ["c", "a", "z", None, "b"]
    write_table(tmp_path / "one.parquet", SCHEMA, [rows(words)])
    write_table(tmp_path / "two.parquet", SCHEMA, [rows(words[:2]), rows(words[2:])])
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_columns_with_fixed_words_say_them() -> None:
    schemas = (
        FEATURE_SCHEMA,
        LABEL_SCHEMA,
        ACCOUNT_SCHEMA,
        PATTERN_SCHEMA,
        MONTH_SCHEMA,
        LOAN_COLUMNS.values(),
        *PARTY_SCHEMAS.values(),
    )
    told = {field.name for schema in schemas for field in schema if words_of(field)}
    assert told == {
        "channel", "purpose", "category", "status", "kind", "stopped_by", "loan_class", "grade", "segment",
        "income_band", "sector", "kyc_risk", "decline_reason", "os",
        "known_by", "rule", "outcome", "end_reason",
    }  # fmt: skip
    assert words_of(never_null(SCHEMA.field("word"))) == WORDS
