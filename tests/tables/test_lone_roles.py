"""The only time of a table has its role whatever it is called, and so has the column of in and out."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from finsim.tables.direction_words import are_directions
from finsim.tables.proposing.propose import Proposal, propose

ROWS = [(datetime(2024, 1, 3, 9, tzinfo=UTC) + timedelta(hours=7 * n), f"C{n % 6:03d}") for n in range(80)]
AMOUNTS = [f"{(37 * n) % 900 / 10 + 1:.2f}" for n in range(80)]


def _proposed(
    folder: Path, headers: Sequence[str], time: Callable[[datetime], str], more: Sequence[str] = ()
) -> Proposal:
    with (folder / "t.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(headers)
        for n, (when, card) in enumerate(ROWS):
            rows.writerow([time(when), card, AMOUNTS[n], *([more[n % len(more)]] if more else [])])
    return propose(folder / "t.csv")


@pytest.mark.parametrize("header", ["Posted", "Buchung", "Quando", "wann_gebucht"])
@pytest.mark.parametrize("form", ["%d/%m/%Y", "%Y-%m-%d %H:%M:%S"])
def test_the_only_time_has_the_role_whatever_it_is_called(header: str, form: str, tmp_path: Path) -> None:
    found = _proposed(tmp_path, [header, "Konto", "Betrag"], lambda one: one.strftime(form))
    assert found.kind == "payments"
    name = next(iter(found.fields))
    assert found.fields[name].role == "date"
    assert any("(role: date), as it is the only one" in one for one in found.said[name])


@pytest.mark.parametrize(("unit", "times"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
@pytest.mark.parametrize("header", ["created", "x1"])
def test_numbers_since_1970_are_the_time_where_no_column_has_times(
    header: str, unit: str, times: int, tmp_path: Path
) -> None:
    found = _proposed(tmp_path, [header, "card", "amount"], lambda one: str(int(one.timestamp()) * times))
    assert (found.fields[header].type, found.fields[header].unit) == ("ts", unit)
    assert found.fields[header].role == "date"
    stored = pa.table({
        header: [int(when.timestamp()) * times for when, _ in ROWS], "card": [card for _, card in ROWS],
        "amount": [float(one) for one in AMOUNTS],
    })  # fmt: skip
    assert propose(stored).fields[header] == found.fields[header]


def test_counters_and_numbers_of_identifiers_are_no_times(tmp_path: Path) -> None:
    for header, time in (
        ("x1", lambda one: str(1_400_000_000 + ROWS.index((one, f"C{ROWS_AT[one] % 6:03d}")))),
        ("invoice_no", lambda one: str(int(one.timestamp()))),
    ):
        found = _proposed(tmp_path, [header, "card", "amount"], time)
        assert found.kind == "table"
        assert found.fields[header].type not in ("ts", "date")


ROWS_AT = {when: n for n, (when, _) in enumerate(ROWS)}


@pytest.mark.parametrize(
    ("header", "words"),
    [("S/H", ("S", "H")), ("Kennzeichen", ("Soll", "Haben")), ("d/c", ("D", "C")), ("Type", ("CR", "DR")),
     ("sign", ("+", "-")), ("flow", ("Debit", "Credit")), ("Debit/Credit", ("D", "C")),
     ("t", ("Debe", "Haber"))],
)  # fmt: skip
def test_words_for_in_and_out_are_the_direction(header: str, words: tuple[str, str], tmp_path: Path) -> None:
    found = _proposed(tmp_path, ["date", "account", "amount", header], lambda one: f"{one:%Y-%m-%d}", words)
    assert [*found.fields.values()][-1].role == "direction"


def test_kinds_of_cards_are_no_direction(tmp_path: Path) -> None:
    found = _proposed(tmp_path, ["date", "card", "amount", "card type"], lambda one: f"{one:%Y-%m-%d}",
                      ("Debit", "Credit"))  # fmt: skip
    assert found.fields["card_type"].role == ""
    columns = {"date": [f"{when:%Y-%m-%d}" for when, _ in ROWS], "card": [card for _, card in ROWS],
               "shop": [f"M{n % 7}" for n in range(len(ROWS))], "amount": AMOUNTS,
               "type": ["Debit", "Credit"] * 40}  # fmt: skip
    assert propose(pa.table(columns)).fields["type"].role == "channel"
    del columns["shop"]
    assert propose(pa.table(columns)).fields["type"].role == "direction"
    assert not are_directions(["in", "in"])
    assert not are_directions(["in", "out", "fee"])
    assert are_directions(["In ", "OUT", ""])
