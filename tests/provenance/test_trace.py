"""The story of a row: whence it came, what belongs to it, and whether its bytes are still those."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from miniature_run import DECOY, INSTANCE, PRICES, SCENARIOS

from finsim.errors import ProvenanceError
from finsim.provenance.origin_tags import MEANING, meaning
from finsim.provenance.parquet_rows import rows_at, rows_where, rows_where_any
from finsim.provenance.trace import trace
from finsim.provenance.trace_story import Related, Story
from finsim.randomness import Streams

TX, TX_FILE = "transactions/base", "transactions/scenario=base/transactions.parquet"


def related(story: Story, start: str) -> Related:
    return next(item for item in story.related if item.title.startswith(start))


def test_a_payment_of_a_scheme_tells_the_whole_scheme(finished: Path) -> None:
    story = trace(finished, TX, 20)
    assert story.values["phase"] == "gather"
    assert story.origin["made_by"] == "fraud or money-laundering narrative"
    assert story.origin["narrative"] == "scatter_gather"
    assert story.origin["unit"] == f"scheme {INSTANCE}"
    assert story.origin["benign"] is False
    assert story.origin["scenario_sha256"] == SCENARIOS["base"]
    scheme = related(story, "the scheme's payments in order")
    assert [row["row"] for row in scheme.rows] == [10, 20, 30]
    assert [row["phase"] for row in scheme.rows] == ["smurf", "gather", "leave"]
    assert related(story, "the scheme").rows[0]["accounts"] == [2, 3]
    assert [row["account_id"] for row in related(story, "payer and payee").rows] == [2, 3]
    near = related(story, "around it on account 2")
    assert all(2 in (row["from_account"], row["to_account"]) for row in near.rows)
    assert [row["row"] for row in near.rows] == sorted(row["row"] for row in near.rows)
    assert 20 in [row["row"] for row in near.rows]


def test_the_stream_can_be_opened_again_from_the_text(finished: Path) -> None:
    origin = trace(finished, TX, 20).origin
    assert origin["stream"] == "Streams(7).under('agents', 'scheme', 3)"
    assert Streams(origin["seed"]).word("agents", "scheme", 3) == Streams(7).word("agents", "scheme", 3)


def test_a_decoy_is_told_to_be_benign(finished: Path) -> None:
    origin = trace(finished, TX, 40).origin
    assert (origin["made_by"], origin["benign"], origin["unit"]) == ("benign decoy", True, f"scheme {DECOY}")


def test_ordinary_life_comes_from_a_shard_of_accounts(finished: Path) -> None:
    story = trace(finished, TX, 7)
    assert story.origin["unit"] == "account_shard 0"
    assert story.origin["made_by"] == "ordinary life"
    assert [item.title for item in story.related] == ["payer and payee", "around it on account 2"]


def test_the_neighbours_of_an_external_payer_are_those_of_the_payee(finished: Path) -> None:
    rows = pq.read_table(finished / TX_FILE).to_pylist()
    row = next(i for i, item in enumerate(rows) if item["from_account"] == 6 and item["to_account"] != 6)
    assert related(trace(finished, TX, row), "around it").title.endswith(f"account {rows[row]['to_account']}")


def test_a_bar_tells_model_training_data_and_its_unstressed_twin(finished: Path) -> None:
    story = trace(finished, "market/gfc-2008/bars", 5)
    assert story.origin["made_by"] == "scenario overlay"
    assert story.origin["model"]["generator"] == "flow"
    assert story.origin["training_data"][0]["sha256"] == PRICES
    assert story.origin["unit"] == "path 0"
    twin = related(story, "the same bar without stress")
    assert twin.rows[0]["close"] == pytest.approx(story.values["close"] + 1)
    near = related(story, "around it on this path")
    assert [row["date"] for row in near.rows] == ["2026-01-02", "2026-01-05", "2026-01-06", "2026-01-07"]
    assert {row["asset"] for row in near.rows} == {"IBM"}
    assert not [
        item for item in trace(finished, "market/base/bars", 5).related if "without stress" in item.title
    ]


def test_rules_and_repairs_of_the_row_are_told(finished: Path) -> None:
    rules = trace(finished, "market/base/bars", 5).rules
    assert (rules["pack"], rules["rules_checked"]) == ("ohlcv", 2)
    assert list(rules["rules_that_fired_in_the_table"]) == ["high-low"]
    assert rules["repairs_of_this_row"] == [
        {"rule": "high-low", "column": "high", "before": "1.0", "after": "2.0"}
    ]
    assert trace(finished, "market/base/bars", 6).rules["repairs_of_this_row"] == []


def test_a_loan_month_tells_loan_and_history(finished: Path) -> None:
    story = trace(finished, "credit/base/months", 4)
    assert related(story, "the loan").rows[0]["loan_id"] == 1
    assert [row["row"] for row in related(story, "its months").rows] == [3, 4, 5]
    assert story.origin["unit"] == "loan_shard 0"
    assert len(related(trace(finished, "credit/base/loans", 2), "its months").rows) == 3


def test_accounts_patterns_and_losses_have_stories_too(finished: Path) -> None:
    account = trace(finished, "transactions/base/accounts", 1)
    assert len(related(account, "its first payments").rows) == 8
    assert account.origin["unit"] == "account_shard 0"
    pattern = trace(finished, "transactions/base/patterns", 0)
    assert [row["row"] for row in related(pattern, "the scheme's payments").rows] == [10, 20, 30]
    assert trace(finished, "credit/base/losses", 1).related == ()
    assert trace(finished, "drivers/gfc-2008/months", 0).origin["scenario"] == "gfc-2008"


def test_the_log_and_the_file_are_told(finished: Path) -> None:
    story = trace(finished, TX, 20)
    assert [entry["event"] for entry in story.audit] == ["run_started", "written", "run_finished"]
    assert story.file["row_group"] == 1
    assert story.file["row_group_agrees"] is True


def test_damage_to_the_rows_own_group_is_told(run: Path) -> None:
    path = run / TX_FILE
    facts = pq.read_metadata(path).row_group(3).column(0)
    data = bytearray(path.read_bytes())
    data[facts.data_page_offset + facts.total_compressed_size - 1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ProvenanceError, match="row group 3, in which row 49 stands, was changed"):
        trace(run, TX, 49)


@pytest.mark.parametrize(
    "name", [TX_FILE, "accounts/scenario=base/accounts.parquet", "lineage/sequences.parquet"]
)
@pytest.mark.parametrize("back", [1, 9, 60, 400, 900])
def test_a_damaged_footer_is_refused_and_never_read(run: Path, name: str, back: int) -> None:
    data = bytearray((run / name).read_bytes())
    data[-back] ^= 4
    (run / name).write_bytes(bytes(data))
    with pytest.raises(ProvenanceError, match="was changed"):
        trace(run, TX, 20)


def test_without_lineage_the_rest_is_still_told(run: Path) -> None:
    (run / "lineage" / "sequences.parquet").unlink()
    story = trace(run, TX, 20)
    assert story.origin["unit"] == ""
    assert story.origin["narrative"] == "scatter_gather"
    assert trace(run, "market/base/bars", 0).origin["model"]["generator"] == "flow"


@pytest.mark.parametrize(
    "table", ["transactions", TX, f"/{TX}", f"{TX}/", TX_FILE, "transactions/base/transactions"]
)
def test_a_table_may_be_named_in_any_usual_way(finished: Path, table: str) -> None:
    assert trace(finished, table, 0).table == TX


@pytest.mark.parametrize(
    ("table", "row", "found", "remedy"),
    [
        ("transaction", 0, "no table", "did you mean 'transactions'?"),
        ("payments", 0, "no table", "did you mean 'transactions'?"),
        ("prices", 0, "no table", "did you mean 'bars'?"),
        ("market/gfc-2009/bars", 0, "no scenario 'gfc-2009'", "did you mean 'gfc-2008'?"),
        ("lineage/sequences", 0, "no table", "use one of"),
        ("", 0, "no table", "use one of"),
        ("../run/market/base/bars", 0, "no table", "use one of"),
        (TX, 50, "no row 50", "rows count from 0"),
        (TX, -1, "no row -1", "rows count from 0"),
    ],
)
def test_what_is_not_there_is_bad_input(
    finished: Path, table: str, row: int, found: str, remedy: str
) -> None:
    with pytest.raises(ProvenanceError, match=found) as caught:
        trace(finished, table, row)
    assert caught.value.problems[0].remedy.startswith(remedy)
    assert caught.value.exit_code == 2


def test_text_and_json_say_the_same(finished: Path) -> None:
    story = trace(finished, TX, 20)
    text = story.to_text()
    assert json.loads(json.dumps(story.to_dict(), allow_nan=False))["row"] == 20
    for told in ("scatter_gather", "Streams(7).under('agents', 'scheme', 3)", SCENARIOS["base"], "  > 20 "):
        assert told in text
    assert text.count("  > ") == 2
    assert "_fs_src" in text.split("\n\norigin")[0]


def test_long_schemes_are_cut_in_text_but_not_in_data() -> None:
    rows = [{"row": k, "amount": k, "phase": None, "flag": False} for k in range(100)]
    story = Story("t", 3, {"x": [*range(20)]}, {}, (Related("all", "t", rows),), {}, [], {})
    text = story.to_text()
    assert "... 60 more" in text
    assert "phase" not in text
    assert "flag" not in text
    assert "... (20 in all)" in text
    assert len(story.to_dict()["related"][0]["rows"]) == 100


def test_rows_are_found_across_row_groups(finished: Path) -> None:
    file = finished / TX_FILE
    table = pq.read_table(file).to_pylist()
    expected = [i for i, row in enumerate(table) if row["from_account"] == 2 and row["status"] == "posted"]
    assert rows_where(file, {"from_account": 2, "status": "posted"}).tolist() == expected
    either = [i for i, row in enumerate(table) if 2 in (row["from_account"], row["to_account"])]
    assert rows_where_any(file, {"from_account": 2, "to_account": 2}).tolist() == either
    assert rows_where(file, {"merchant_id": 5}).size == 0
    some = rows_at(file, [49, 0, 17, 17])
    assert [row["row"] for row in some] == [row["tx_id"] for row in some] == [0, 17, 49]


def test_every_source_code_has_a_meaning() -> None:
    assert sorted(MEANING) == [0, 1, 2, 3, 4, 5, 6]
    assert meaning(6) == "benign decoy"
    assert meaning(99) == "unknown code 99"
