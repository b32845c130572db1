"""The parser from stored tables is the parser of the grammar; tables of another grammar are not used."""

import json

import pytest
from lark import Lark
from lark.exceptions import UnexpectedInput
from naive.rule_texts import ROW_RULES, SEQUENCE_RULES, TIMED_RULES

from finsim.constraints.language import grammar
from finsim.constraints.language.grammar import GRAMMAR, OPTIONS, digest, parser_of, written


def test_the_stored_tables_are_of_this_grammar():
    stored = json.loads(grammar._TABLES.read_text("utf-8"))
    remedy = "python -m finsim.constraints.language.grammar writes them again"
    assert stored["digest"] == digest(GRAMMAR), remedy


@pytest.mark.parametrize(
    "text", ["a > ", "a > > 1", 'a = "x"', "f(", "if a then", "a in {", "lag(x, k: )", "1 2"]
)
def test_the_same_mistakes(text):
    found = []
    for parser in (Lark(GRAMMAR, **OPTIONS), parser_of(GRAMMAR)):
        with pytest.raises(UnexpectedInput) as bad:
            parser.parse(text)
        found.append((type(bad.value), bad.value.pos_in_stream, getattr(bad.value, "accepts", None)))
    assert found[0] == found[1]


def test_the_same_trees():
    fresh, stored = Lark(GRAMMAR, **OPTIONS), parser_of(GRAMMAR)
    for text in (*ROW_RULES, *SEQUENCE_RULES, *TIMED_RULES):
        rule = text.split("|")[0]
        one, other = fresh.parse(rule), stored.parse(rule)
        assert one == other, rule
        assert one.meta.end_pos == other.meta.end_pos


@pytest.mark.parametrize("held", [None, "{", "[]", '{"digest": "another"}'])
def test_without_tables_the_grammar_is_taken(held, tmp_path, monkeypatch):
    monkeypatch.setattr(grammar, "_TABLES", tmp_path / "tables.json")
    if held is not None:
        (tmp_path / "tables.json").write_text(held)
    assert parser_of(GRAMMAR).parse("a > 1") == Lark(GRAMMAR, **OPTIONS).parse("a > 1")


def test_tables_that_are_written_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(grammar, "_TABLES", tmp_path / "tables.json")
    (tmp_path / "tables.json").write_text(written('start: "a" start | "b"'))
    parser = parser_of('start: "a" start | "b"')
    assert "_load" in dir(type(parser))
    assert parser.parse("aab").pretty() == Lark('start: "a" start | "b"', **OPTIONS).parse("aab").pretty()
