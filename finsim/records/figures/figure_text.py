"""Key figures as text: money in currency units and as a share of the balance, shares in percent."""

from __future__ import annotations

from datetime import date

from finsim.notation import minor_digits
from finsim.records.figures.key_figures import COUNT, DATE, MONEY, SHARE, Figure, KeyFigure

NONE = "-"


def value_text(line: KeyFigure, figure: Figure, balance: Figure | None = None) -> str:
    """Return a figure as text: ``92,351 EUR (2.07 %)``, ``34.1 %``, ``1,204``; ``-`` when not computed."""
    value = figure.value
    if value is None:
        return NONE
    if isinstance(value, str):
        return value
    if line.unit == MONEY:
        text = f"{_units(value, figure.currency):,.0f} {figure.currency}"
        share = _of_balance(value, line, balance)
        return text if share is None else f"{text} ({_percent(share)} %)"
    return f"{_percent(value)} %" if line.unit == SHARE else f"{value:,.0f}"


def difference_text(
    line: KeyFigure, base: Figure, other: Figure, balances: tuple[Figure | None, Figure | None] = (None, None)
) -> str:
    """Return other - base as text: money with points of the balance, points of shares, counts, days."""
    left, right = base.value, other.value
    if left is None or right is None or (line.unit == MONEY and base.currency != other.currency):
        return NONE
    if isinstance(left, str) or isinstance(right, str):
        moved = date.fromisoformat(str(right)) - date.fromisoformat(str(left))
        return f"{moved.days:+,d} days"
    if line.unit == MONEY:
        text = f"{_units(right - left, other.currency):+,.0f} {other.currency}"
        shares = (_of_balance(left, line, balances[0]), _of_balance(right, line, balances[1]))
        if shares[0] is None or shares[1] is None:
            return text
        return f"{text} ({100 * (shares[1] - shares[0]):+.2f} pp)"
    return f"{100 * (right - left):+.2f} pp" if line.unit == SHARE else f"{right - left:+,.0f}"


def plain_value(line: KeyFigure, figure: Figure) -> float | str | None:
    """Return a figure as one value: money in currency units, everything else as it is."""
    if line.unit == MONEY and isinstance(figure.value, int | float):
        return _units(figure.value, figure.currency)
    return figure.value


def unit_text(line: KeyFigure, currency: str) -> str:
    """Return the unit of ``plain_value``: a currency, ``share`` (a decimal), ``count`` or ``date``."""
    return {MONEY: currency or MONEY, SHARE: SHARE, COUNT: COUNT, DATE: DATE}[line.unit]


def _units(minor: float, currency: str) -> float:
    return float(minor) / float(10 ** minor_digits(currency))


def _percent(share: float) -> str:
    return f"{100 * share:,.2f}"


def _of_balance(value: float, line: KeyFigure, balance: Figure | None) -> float | None:
    whole = None if balance is None else balance.value
    if line.key == "credit.balance" or not isinstance(whole, int | float) or not whole:
        return None
    return float(value) / whole
