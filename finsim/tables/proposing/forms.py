"""How numbers and dates are written: evidence in the cells of a text table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

NEARLY_ALL = 0.9
"""Share of cells of one form from which the others are odd; assumption."""
EITHER_ORDER = "could be day first or month first"
"""The words of a doubt that further rows may settle."""
_LOOK = 500
_AROUND = re.compile(r"^\D*?([+-]?\d(?:[\d.,' \u00a0\u202f\u2019]*\d)?)(?:[eE][+-]?\d+)?\D*$")
_GROUPS = re.compile(r"[+-]?\d{1,3}(?:([.,' \u00a0\u202f\u2019])\d{3})(?:\1\d{3})*(?:([.,])\d+)?")
_LAKHS = re.compile(r"[+-]?\d{1,2}(?:,\d\d)+,\d{3}(?:(\.)\d+)?")  # 12,34,567.00, as in India
_SINGLE = re.compile(r"[+-]?(\d+)([.,])(\d+)")
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?\s?(?:Z|[+-]\d\d(?::?\d\d)?)?)?")
_PARTS = re.compile(
    r"(?P<a>\d{1,4})(?P<s>[./-])(?P<b>\d{1,2}|[A-Za-z]{3,9})(?P=s)(?P<c>\d{4}|\d\d)"
    r"(?:(?P<gap>[ T]|, )(?P<h>\d{1,2}):\d\d(?P<sec>:\d\d(?P<frac>\.\d+)?)?(?P<half> ?[AaPp][Mm])?)?"
)
_COMPACT = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?P<float>\.0)?")
_MONTHLY = re.compile(r"(?P<m>[A-Za-z]{3})(?P<s>[- /])(?P<y>\d{4}|\d\d)")
_YEAR_MONTH = re.compile(r"\d{4}(?P<s>[-/.])\d\d")


@dataclass(frozen=True)
class Numbers:
    """Decimal and thousands sign of a table, and what could be otherwise."""

    decimal: str
    thousands: str
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Moments:
    """The form of a date or time column: declared type, strptime format ("" for ISO), and doubts."""

    type: str
    format: str = ""
    doubts: tuple[str, ...] = ()


def numbers(columns: Sequence[Sequence[str]], names: Sequence[str], sep: str) -> Numbers:
    """Find decimal and thousands sign from the columns that hold numbers.

    Each column votes once: "1.234,50" decides both signs, "12,5" its decimal sign, "1.234.567" the
    thousands sign; "1.234" alone could be either and decides nothing.
    """
    points: Counter[str] = Counter()
    groups: Counter[str] = Counter()
    unsure: list[tuple[str, str, str]] = []
    for name, cells in zip(names, columns, strict=True):
        point, group, example = _signs(cells)
        points.update(point)
        groups.update(group)
        either = next((sign for sign in example if sign in ".,"), "")
        if either and not point and either not in group:
            unsure.append((name, example, either))
    decimal = max(points, key=lambda sign: (points[sign], sign == ".")) if points else ""
    doubts: list[str] = []
    if not decimal:
        against = next((sign for sign in groups if sign in ".,"), "")
        seen = {sign for _, _, sign in unsure}
        decimal = {".": ",", ",": "."}.get(against, "")
        decimal = decimal or ("," if seen == {","} and sep != "," else ".")
    thousands = next((sign for sign, _ in groups.most_common() if sign != decimal), "")
    for name, example, sign in unsure:
        other = example.replace(sign, "")
        read = other if sign != decimal else example.replace(sign, ".")
        doubts.append(f"`{name}`: {example} could be {other} or {example.replace(sign, '.')}: read as {read}")
        if sign != decimal and not thousands:
            thousands = sign
    if len([sign for sign in points if points[sign]]) > 1:
        doubts.append("some columns have a decimal point, others a decimal comma: correct one of them")
    return Numbers(decimal, thousands, tuple(doubts))


def _signs(cells: Sequence[str]) -> tuple[set[str], set[str], str]:
    """Return decimal signs and thousands signs that a column shows, and a cell that could be either."""
    filled = [cell.strip() for cell in cells if any(sign.isdigit() for sign in cell)]
    cores = [found.group(1) for cell in filled if (found := _AROUND.match(cell)) and not moment(cell)]
    if not filled or len(cores) < 0.8 * len(filled):
        return set(), set(), ""
    point: set[str] = set()
    group: set[str] = set()
    example = ""
    for core in dict.fromkeys(cores):
        single, grouped = _SINGLE.fullmatch(core), _GROUPS.fullmatch(core)
        if lakhs := _LAKHS.fullmatch(core):
            group.add(",")
            point.update(lakhs[1] or "")
        elif single:
            whole, sign, part = single.groups()
            either = len(part) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0"
            if either:
                example = example or core
            else:
                point.add(sign)
        elif grouped:
            group.add(grouped.group(1))
            if grouped.group(2) and grouped.group(2) != grouped.group(1):
                point.add(grouped.group(2))
    return point, group, example


def moment(cell: str) -> bool:
    """Tell whether a cell has the form of a date or a time."""
    text = cell.strip()
    return any(form.fullmatch(text) for form in (_ISO, _PARTS, _MONTHLY)) or bool(_YEAR_MONTH.fullmatch(text))


def moments(cells: Iterable[str], name: str) -> Moments | None:
    """Find the form of a column of dates or times; None where the cells have no common one."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return None
    if all(_ISO.fullmatch(cell) for cell in filled):
        plain = all(len(cell) == 10 for cell in filled)
        return Moments("date" if plain else "ts") if _holds(filled, "") else None
    eight = [found for cell in filled if (found := _COMPACT.fullmatch(cell))]
    if len(eight) == len(filled):
        said = f"`{name}`: eight digits such as {filled[0]} are read as dates"
        days = [cell.removesuffix(".0") for cell in filled]
        ways = sorted({"%Y%m%d" + (found["float"] or "") for found in eight})
        return Moments("date", " | ".join(ways), (said,)) if _holds(days, "%Y%m%d") else None
    parts = [_PARTS.fullmatch(cell) for cell in filled]
    if all(parts):
        return _ordered([found for found in parts if found], filled, name)
    months = [_MONTHLY.fullmatch(cell) for cell in filled]
    if all(months) and months[0]:
        form = f"%b{months[0]['s']}" + ("%Y" if len(months[0]["y"]) == 4 else "%y")
        return Moments("date", form) if _holds(filled, form) else None
    if all(_YEAR_MONTH.fullmatch(cell) for cell in filled):
        form = f"%Y{filled[0][4]}%m"
        return Moments("date", form) if _holds(filled, form) else None
    return None


def odd_moments(cells: Sequence[str], name: str) -> list[str]:
    """Return the distinct cells that are no dates of the form that nearly all have; none where few are dates.

    Such as 31.02.2021, 0000-00-00, or a date of another form.
    """
    distinct = list(dict.fromkeys(cell for cell in cells if cell.strip()))
    sample = distinct[:_LOOK]
    if sum(moment(cell) for cell in sample) < NEARLY_ALL * len(sample):
        return []
    forms = Counter(each.format for cell in sample if (each := moments([cell], name)) is not None)
    odd = [
        [cell for cell in distinct if not _holds([cell.strip()], form)] for form, _ in forms.most_common(4)
    ]
    return min(odd, key=len, default=[])


def _ordered(parts: list[re.Match[str]], cells: list[str], name: str) -> Moments | None:
    """Find the order of day, month and year in dates of three parts."""
    first = parts[0]
    sign, year = first["s"], "%Y" if len(first["c"]) == 4 else "%y"
    if any(
        (found["s"], len(found["c"]), bool(found["gap"])) != (sign, len(first["c"]), bool(first["gap"]))
        for found in parts
    ):
        return None
    clock, kind = "", "date"
    if first["gap"]:
        kind = "ts"
        clock = first["gap"] + ("%I:%M" if first["half"] else "%H:%M") + (":%S" if first["sec"] else "")
        clock += ".%f" if first["frac"] else ""
        clock += (" %p" if " " in first["half"] else "%p") if first["half"] else ""
    if first["b"].isalpha():
        word = "%b" if len(first["b"]) == 3 else "%B"
        orders = [f"%d{sign}{word}{sign}{year}"]
    elif len(first["a"]) == 4:
        orders = [f"%Y{sign}%m{sign}%d"]
    else:
        orders = [f"%d{sign}%m{sign}{year}", f"%m{sign}%d{sign}{year}"]
        if sign == "/":
            orders.reverse() if _month_first(parts) else None
    fit = [order for order in orders if _holds(cells, order + clock)]
    if not fit:
        return None
    doubts: tuple[str, ...] = ()
    if len(fit) > 1 and sign != ".":  # with points the day stands first everywhere
        said = "day first" if fit[0].startswith("%d") else "month first"
        doubts = (
            f"`{name}`: {cells[0]} {EITHER_ORDER} (no part of a row that was read is above 12): read {said}",
        )
    return Moments(kind, fit[0] + clock, doubts)


def _month_first(parts: list[re.Match[str]]) -> bool:
    """Whether the first parts take few values beside the second: months of a table of some days."""
    return len({found["a"] for found in parts}) < len({found["b"] for found in parts})


def _holds(cells: Sequence[str], form: str) -> bool:
    """Tell whether every cell is a real date in a format (ISO where it is empty)."""
    try:
        for cell in dict.fromkeys(cells):
            if form:
                datetime.strptime(cell, form)
            else:
                datetime.fromisoformat(cell.replace(",", ".").replace(" Z", "Z"))
    except ValueError:
        return False
    return True
