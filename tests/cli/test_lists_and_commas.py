"""Values of one option given apart, and decimal commas: the remedy is what was meant."""

import pytest

from finsim.cli.main import main
from finsim.document_numbers import Misfit, read_count, read_number


def _remedy(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    return capsys.readouterr().err.strip().rpartition("remedy: ")[2]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["inject", "a.csv", "--narratives", "A", "B"], "--narratives A,B"),
        (["inject", "--narratives", "A", "B", "C", "a.csv", "-o", "x"], "--narratives A,B,C"),
        (["inject", "a.csv", "--narratives", "A,", "B"], "--narratives A,B"),
        (["inject", "a.csv", "--narratives", "A", "--narratives=B"], "--narratives A,B"),
        (["sample", "m", "--given", "a=1", "b=x y"], "--given 'a=1,b=x y'"),
    ],
)
def test_values_apart_are_put_together(
    words: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _remedy(words, capsys) == f"write {meant}"


@pytest.mark.parametrize(
    ("text", "number", "count"),
    [
        ("0,002", "0.002", "0.002"), ("0,2%", "0.2%", "0.2%"), ("2,5", "2.5", "2.5"),
        ("1,500", "1500 or 1.500", "1500"), ("1,000,000", "1000000", "1000000"),
        ("1.234,5", "1234.5", "1234.5"), ("1,234.5", "1234.5", "1234.5"), ("-0,5", "-0.5", "-0.5"),
    ],
)  # fmt: skip
def test_a_decimal_comma_is_never_taken_for_thousands(text: str, number: str, count: str) -> None:
    for reader, meant in ((read_number, number), (read_count, count)):
        with pytest.raises(Misfit) as bad:
            reader(text)
        assert bad.value.remedy == f"write {meant}"


@pytest.mark.parametrize(("text", "number"), [(".01", 0.01), ("-.5", -0.5), ("5.", 5.0), (".5e-1", 0.05)])
def test_a_number_may_begin_or_end_with_its_point(text: str, number: float) -> None:
    assert read_number(text) == number


def test_a_point_alone_is_no_number() -> None:
    assert read_number(".") == "."
