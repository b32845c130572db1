"""A remedy for a refused cell is never declared already, and never refuses the cells that are read."""

import pytest

from finsim.tables import Dialect, Field
from finsim.tables.cells.refusals import Cell, problem_of

GERMAN = Dialect(sep=";", decimal=",", thousands=".")
EURO = Field("money", ccy="EUR")
NONE = "there is no such day or hour: correct the cell"
RIGHT = "if such cells are right as they are"
CLOCK = Field("ts", format="%d.%m.%Y %H:%M")


def _remedy(text: str, field: Field, dialect: Dialect) -> str:
    return problem_of(Cell(0, "x", text), field, dialect, "f.csv").remedy


@pytest.mark.parametrize(
    ("text", "field", "dialect", "remedy"),
    [
        ("12.50", EURO, GERMAN,
         "correct the cell: the decimal sign is ',', and '.' stands before three digits; "
         "as declared it is 12,50"),
        ("12.50", EURO, Dialect(decimal=","),
         "correct the cell: the decimal sign is ','; as declared it is 12,50"),
        ("12,50", EURO, Dialect(decimal=".", thousands=","),
         "correct the cell: the decimal sign is '.', and ',' stands before three digits; "
         "as declared it is 12.50"),
        ("12,50", EURO, Dialect(), "declare the decimal sign: --csv decimal=,"),
        ("1.250", EURO, Dialect(decimal=","),
         "declare the sign for thousands: --csv thousands=., or correct the cell"),
        ("1.250,00", EURO, Dialect(), "declare the signs: --csv decimal=,,thousands=."),
        ("1'250,00", EURO, Dialect(),
         """declare how numbers are written: --csv 'decimal=,,thousands='"'"''"""),
        ("1 250.00", EURO, Dialect(), "declare how numbers are written: --csv thousands=space"),
        ("1\u00a0250,5", Field("float"), Dialect(decimal=","),
         "declare how numbers are written: --csv thousands=space"),
        ("12,34,567.50", Field("money", ccy="INR"), Dialect(),
         "declare the sign for thousands: --csv thousands=,"),
        ("99999999999999999999", EURO, Dialect(), "no more than 64 bits are held: correct or empty the cell"),
        ("962.5K", Field("float"), Dialect(),
         "write the numbers out: K is thousands; or leave the column away"),
        ("3 bn", EURO, Dialect(), "write the numbers out: bn is billions; or leave the column away"),
        ("5 kg", Field("float"), Dialect(), "declare `strip: ['kg']` for the column"),
        ("NA", Field("float"), Dialect(),
         "--csv null=NA, or `null: ['NA']` for the column alone, or correct the cell"),
        ("1735689600000", Field("ts", unit="s"), Dialect(), "declare `unit: ms`, if it is ms since 1970"),
        ("31.02.2025 10:00", CLOCK, GERMAN, NONE),
        ("31.01.2025 25:00", CLOCK, GERMAN, NONE),
        ("2025-02-30", Field("date"), Dialect(), NONE),
        ("2025-02-03 10:00", CLOCK, GERMAN,
         'correct the cell; or `format: "%d.%m.%Y %H:%M | %Y-%m-%d %H:%M"` ' + RIGHT),
        ("2025-02-03", Field("date"), Dialect(dates="%d.%m.%Y"),
         'correct the cell; or `format: "%d.%m.%Y | %Y-%m-%d"` ' + RIGHT),
        ("12/31/2025", Field("date", format="%d/%m/%Y"), Dialect(),
         NONE + ", or declare `format: %m/%d/%Y` if every cell is written so"),
        ("soon", CLOCK, GERMAN, "correct the cell"),
        ("31.01.2025", Field("date"), Dialect(), "declare the format, such as --csv dates=%d.%m.%Y"),
        ("perhaps", Field("bool", true=("ja",), false=("nein",)), Dialect(),
         "write ja or nein, or add the word to `true:` or `false:`"),
    ],
)  # fmt: skip
def test_the_remedy_helps(text: str, field: Field, dialect: Dialect, remedy: str) -> None:
    assert _remedy(text, field, dialect) == remedy
