"""The data card names every table to programs, and says to readers what the data are."""

import re
from pathlib import Path

import yaml
from miniature_run import SCENARIOS

from finsim.provenance.data_card import split_names, write_card
from finsim.provenance.inputs import Input
from finsim.provenance.manifest import KEPT_LOANS, Sources, Statement
from finsim.provenance.outputs import other_files, table_files
from finsim.records.display.markdown_line import markdown_line

SPLIT = r"\w+(\.\w+)*"  # what HuggingFace datasets accepts as the name of a split


def card(run: Path, statement: Statement, title: str = 'A "quoted": title', file: str = "p.csv") -> str:
    terms = Input("prices", f"shipped:{file}", "1" * 64, 1, "public domain")
    sources = Sources({"resolved": {"title": title}, "sha256": "ab"}, 7, SCENARIOS, [terms])
    return write_card(run, sources, statement).read_text(encoding="utf-8")


def test_every_table_under_every_scenario_is_named_once(run: Path) -> None:
    header = yaml.safe_load(card(run, Statement()).split("---\n")[1])
    assert header["pretty_name"] == 'A "quoted": title'
    paths = [one["path"] for item in header["configs"] for one in item["data_files"]]
    assert sorted(paths) == table_files(run)
    assert "README.md" in other_files(run)


def test_splits_have_names_that_are_accepted_and_apart() -> None:
    labels = ["base", "gfc-2008@0.5", "gfc_2008@0.5", "gfc 2008@0.5", "..", "%", "a..b"]
    found = split_names(labels)
    assert found["gfc-2008@0.5"] == "gfc_2008_0.5"
    assert len(set(found.values())) == len(labels)
    assert [name for name in found.values() if not re.fullmatch(SPLIT, name)] == []


def test_the_text_is_honest(run: Path) -> None:
    text = card(run, Statement())
    for word in ("seed 7", "public domain", "labels lie apart", "none is the record of a real person"):
        assert word in text, word
    assert "real records in: loans" in card(run, KEPT_LOANS)


def test_no_text_of_a_user_is_markup(run: Path) -> None:
    hostile = "a<h1>b<img src=x onerror=y><!-- [c](javascript:d) \x1b[31m \u202e"
    text = card(run, Statement(real_records=(hostile,)), f"{hostile}\n# second", f"{hostile}.csv")
    body = text.split("---\n", 2)[2]
    assert body.count("\\<h1>") == body.count("<h1>") == 3
    assert not re.search(r"(?<!\\)(<img|<!--|\[c\])", body)
    assert not set("\x1b\u202e") & set(body)
    assert "\n# second" not in body
    assert yaml.safe_load(text.split("---\n")[1])["pretty_name"].startswith(hostile[:30])
    assert markdown_line("a < b, 3<=4, R&D [1, 2] x[i]") == "a < b, 3<=4, R&D [1, 2] x[i]"
