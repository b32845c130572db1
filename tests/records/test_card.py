"""A card stays small and harmless whatever an object holds."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finsim.records.display.card import Card, cut_start, listed
from finsim.records.display.card_html import card_html
from finsim.records.display.card_text import MOST_CHARACTERS, MOST_LINES, card_text
from finsim.records.display.fact_words import counted, money, percent, span
from finsim.records.display.spark_line import MOST_POINTS, spark_line

TEXTS = st.text(max_size=300)
VALUES = st.one_of(TEXTS, st.lists(TEXTS, max_size=60).map(tuple))
CARDS = st.builds(Card, TEXTS, st.lists(st.tuples(TEXTS, VALUES), max_size=30).map(tuple), TEXTS, TEXTS)


@given(CARDS)
@settings(deadline=None, max_examples=150)
def test_a_text_never_has_more_than_twelve_lines_and_600_characters(card: Card) -> None:
    text = card_text(card)
    assert len(text) <= MOST_CHARACTERS
    assert len(text.splitlines()) <= MOST_LINES
    assert all(char.isprintable() or char == "\n" for char in text)


def test_a_full_card_of_the_longest_values_fits() -> None:
    long = tuple(f"{'å' * 90}{k}" for k in range(100))
    card = Card("Ü" * 900, tuple((f"name {k} " + "x" * 50, long) for k in range(25)))
    text = card_text(card)
    assert len(text) <= MOST_CHARACTERS
    assert text.count("\n") + 1 == MOST_LINES
    assert "and 99 more" in text
    assert text.endswith("and 15 more facts")


def test_short_cards_are_shown_whole() -> None:
    card = Card(
        "Paths: 1 path", (("assets", ("IBM", "AAPL")), ("empty", ()), ("none", ""), ("fields", "close"))
    )
    assert card_text(card) == "Paths: 1 path\n  assets  IBM, AAPL\n  fields  close"


@pytest.mark.parametrize(
    ("room", "text"),
    [
        (40, "one, two, three"),
        (14, "one and 2 more"),
        (13, "... and 2 more"),
    ],
)
def test_lists_say_how_many_are_left_out(room: int, text: str) -> None:
    assert listed(("one", "two", "three"), room) == text


def test_a_long_list_keeps_as_many_as_fit() -> None:
    assert listed(tuple("abcdefghij"), 22) == "a, b, c, d and 6 more"
    assert listed(tuple(map(str, range(100_000))), 30) == "0, 1, 2, 3, 4 and 99995 more"


def test_of_a_path_the_end_is_kept() -> None:
    assert cut_start("/very/long/run", 8) == "...g/run"
    assert cut_start("/run", 8) == "/run"


@given(CARDS, st.lists(TEXTS, min_size=1, max_size=6))
@settings(deadline=None, max_examples=60)
def test_html_escapes_every_name(card: Card, cells: list[str]) -> None:
    rows = pd.DataFrame({f"<b>{k}": [cell, "<script>alert(1)</script>"] for k, cell in enumerate(cells)})
    html = card_html(card, rows, (1.0, 2.0))
    tags = set(re.findall(r"<\s*(/?[a-zA-Z]+)", html))
    known = {"div", "strong", "table", "tr", "td", "th", "svg", "polyline", "small"}
    assert {tag.strip("/") for tag in tags} <= known
    assert "&lt;script&gt;" in html


def test_html_has_no_address_no_script_and_no_color_of_its_own() -> None:
    card = Card("A", (("b", "c"),), "note", "curve")
    html = card_html(card, pd.DataFrame({"x": [1]}), (1.0, 3.0, 2.0))
    assert not re.search(r"https?:|//|<script|url\(|#[0-9a-fA-F]{3}|src=|href=", html)
    assert "currentColor" in html
    assert ">1</td>" in html


def test_html_of_a_wide_frame_is_cut_with_a_count() -> None:
    rows = pd.DataFrame({f"c{k}": [k] for k in range(200)})
    html = card_html(Card("A", ()), rows, ())
    assert "and 170 more columns" in html
    assert "<svg" not in html


def test_cells_are_short_and_missing_ones_are_dashes() -> None:
    rows = pd.DataFrame(
        {
            "list": [np.arange(50)],
            "none": [None],
            "day": pd.to_datetime(["2026-01-05"]),
            "number": [1 / 3],
            "long": ["y" * 500],
        }
    )
    html = card_html(Card("A", ()), rows, ())
    for part in ("0, 1, 2 and 47 more", "&ndash;", "2026-01-05<", "0.333333<", "..."):
        assert part in html
    assert len(html) < 2_000


@pytest.mark.parametrize("values", [(), (1.0,), (float("nan"), 2.0, float("inf"))])
def test_a_line_needs_two_numbers(values: tuple[float, ...]) -> None:
    assert spark_line(values) == ""


@pytest.mark.parametrize(
    "values", [(1.0, 1.0), (-1e308, 1e308), tuple(np.arange(9_000.0)), (0.0, float("nan"), 5.0)]
)
def test_a_line_stays_inside_its_box(values: tuple[float, ...]) -> None:
    line = spark_line(values, '<"label">')
    points = re.search(r'points="([^"]*)"', line)
    assert points is not None
    pairs = [tuple(map(float, pair.split(","))) for pair in points[1].split()]
    assert 2 <= len(pairs) <= MOST_POINTS
    assert all(0 <= x <= 220 and 0 <= y <= 36 for x, y in pairs)
    assert "<" not in line[1:].split(">")[0]


def test_a_line_rises_where_values_rise() -> None:
    points = re.findall(r"([\d.]+),([\d.]+)", spark_line((1.0, 2.0, 3.0)))
    heights = [float(y) for _, y in points]
    assert heights == sorted(heights, reverse=True)  # y counts downward


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1_234_50, "EUR", "1,234.50 EUR"),
        (-5, "USD", "-0.05 USD"),
        (1_234_50, "JPY", "123,450 JPY"),
        (1_234_567, "KWD", "1,234.567 KWD"),
        (2**62, "USD", "46,116,860,184,273,879.04 USD"),
        (7, "", "0.07"),
        (float("nan"), "EUR", "-"),
    ],
)
def test_money_has_the_decimals_of_its_currency(minor: float, currency: str, text: str) -> None:
    assert money(minor, currency) == text


def test_words_of_numbers() -> None:
    assert [counted(1, "row"), counted(0, "row"), counted(12_345, "row")] == [
        "1 row",
        "0 rows",
        "12,345 rows",
    ]
    assert [percent(0.012345), percent(0.0), percent(0.5, signed=True)] == ["1.23 %", "0 %", "+50 %"]
    assert percent(float("nan")) == "-"
    assert span(np.datetime64("2026-01-01"), np.datetime64("2026-01-01")) == "2026-01-01"
    assert span(np.datetime64("2026-01-01T09:30"), np.datetime64("2026-01-02T16:00")) == (
        "2026-01-01 09:30 to 2026-01-02 16:00"
    )
