"""What would make sense of a cell that is not of its declared type: a declaration, else the cell itself.

Nothing is proposed that is declared already, or that would refuse the cells that are read now.
"""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from finsim.tables.cells.stored import NUMBER_OF_TIME
from finsim.tables.cells.written import formats_of
from finsim.tables.schema import Dialect, Field

_NULLS = {"na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", ".", "..", "?", "missing", "unknown"}
_NUMBERS = ("int", "float", "ratio", "money")
_DAYS = (
    (r"\d{4}-\d{1,2}-\d{1,2}", ("%Y-%m-%d",)),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", ("%d.%m.%Y",)),
    (r"\d{1,2}/\d{1,2}/\d{4}", ("%d/%m/%Y", "%m/%d/%Y")),
    (r"\d{1,2}-\d{1,2}-\d{4}", ("%d-%m-%Y", "%m-%d-%Y")),
    (r"\d{4}/\d{1,2}/\d{1,2}", ("%Y/%m/%d",)),
    (r"\d{1,2}\.\d{1,2}\.\d{2}", ("%d.%m.%y",)),
    (r"\d{1,2}/\d{1,2}/\d{2}", ("%d/%m/%y", "%m/%d/%y")),
    (r"\d{1,2}-\d{1,2}-\d{2}", ("%d-%m-%y", "%m-%d-%y")),
)
_UNIT_OF_DIGITS = {9: "s", 10: "s", 12: "ms", 13: "ms", 15: "us", 16: "us", 18: "ns", 19: "ns"}
"""The unit of an instant since 1970 by its digits, for the years 1973 to 2286."""
_TIMES = {
    "k": "thousands",
    "K": "thousands",
    "M": "millions",
    "mn": "millions",
    "B": "billions",
    "bn": "billions",
}
_GROUPED = r"\d{1,3}([ '’\u00a0\u202f])\d{3}(?:\1\d{3})*(?:([.,])\d+)?"
_CLOCK = (
    (r"([T ])\d{1,2}:\d{2}", "%H:%M"), (r"([T ])\d{1,2}:\d{2}:\d{2}", "%H:%M:%S"),
    (r"([T ])\d{1,2}:\d{2}:\d{2}\.\d{1,6}", "%H:%M:%S.%f"),
)  # fmt: skip


def remedy_of_text(text: str, field: Field, dialect: Dialect) -> str:
    """Return what to do about a text that is no value of a column, nothing where nothing is seen."""
    if text.lower() in _NULLS:
        return f"--csv null={text}, or `null: [{text!r}]` for the column alone, or correct the cell"
    if field.type in _NUMBERS:
        return _of_number(text, field, dialect)
    if field.type == "ts" and (zone := field.zone or dialect.zone) and _is_left_out(text, field, zone):
        return f"this hour is left out in {zone} (clocks go forward): correct the cell, or the zone"
    if field.type in ("date", "ts"):
        return _of_time(text, field, formats_of(field, dialect))
    return ""


def _of_time(text: str, field: Field, declared: tuple[str, ...]) -> str:
    if re.fullmatch(r"[-+]?\d+([.,]\d*)?", text):
        finer = _UNIT_OF_DIGITS.get(len(text.lstrip("+-").split(".")[0]), "")
        if field.unit in _UNIT_OF_DIGITS.values() and finer not in ("", field.unit):
            return f"declare `unit: {finer}`, if it is {finer} since 1970"
        return "" if declared or field.unit else NUMBER_OF_TIME[field.type]
    if field.unit:
        return ""
    possible = [form for form in _forms(text, field.type) if form not in declared and _reads(text, form)]
    if any(re.fullmatch(_shape(form), text) for form in declared or ("%Y-%m-%d",)):
        whole = f", or declare `format: {possible[0]}` if every cell is written so" if possible else ""
        return f"there is no such day or hour: correct the cell{whole}"
    if declared and possible:
        both = " | ".join((*declared, possible[0]))
        return f'correct the cell; or `format: "{both}"` if such cells are right as they are'
    if declared:
        return "correct the cell"
    forms = [form for form in _forms(text, field.type) if not form.startswith("%Y-%m-%d")]
    return f"declare the format, such as --csv dates={_either(forms)}" if forms else ""


def _either(forms: list[str]) -> str:
    return forms[0] if len(forms) == 1 else f"{forms[0]} (or {forms[1]})"


def _forms(text: str, kind: str) -> list[str]:
    """Return the formats in which a text may be a day, and of times with its clock."""
    for pattern, forms in _DAYS:
        day = re.match(pattern, text)
        if day is None:
            continue
        rest = text[day.end() :]
        if not rest or kind == "date":
            return [*forms] if not rest else []
        clock = ((re.fullmatch(one, rest), form) for one, form in _CLOCK)
        found = next(((match[1], form) for match, form in clock if match), None)
        return [f"{form}{found[0]}{found[1]}" for form in forms] if found else []
    return []


def _reads(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def _shape(form: str) -> str:
    """Return the pattern of texts written as a format has it, whatever their numbers."""
    parts = re.split("%(.)", form)
    made = [re.escape(parts[0])]
    for letter, rest in zip(parts[1::2], parts[2::2], strict=True):
        made += [
            r"\d{4}" if letter == "Y" else r"\d{1,9}" if letter in "ymdHIMSfj" else r"\S+",
            re.escape(rest),
        ]
    return "".join(made)


def _is_left_out(text: str, field: Field, zone: str) -> bool:
    """Tell whether a text is a time as declared, in an hour that the clocks of a zone skip."""
    for form in field.formats or ("",):
        try:
            local = datetime.strptime(text, form) if form else datetime.fromisoformat(text)
        except ValueError:
            continue
        there = local.replace(tzinfo=ZoneInfo(zone))
        back = there.astimezone(UTC).astimezone(ZoneInfo(zone))
        return local.tzinfo is None and back.replace(tzinfo=None) != local
    return False


def _of_number(text: str, field: Field, dialect: Dialect) -> str:
    digits = text.strip("%$€£¥ +-")
    if any(sign in digits for sign in ".,") and (said := _of_signs(digits, dialect)):
        return said
    if not dialect.thousands and (grouped := re.fullmatch(_GROUPED, digits)):
        parted = "'" if grouped[1] in "'’" else "space"
        asked = "decimal=,," if grouped[2] == "," and not dialect.decimal else ""
        option = f"{asked}thousands={parted}"
        return f"declare how numbers are written: --csv {shlex.quote(option)}"
    if re.fullmatch(r"\d{19,}", digits):
        return "no more than 64 bits are held: correct or empty the cell"
    if text.endswith("%") and field.type != "ratio":
        return "declare the column ratio, or `strip: ['%']` with `unit: percent`"
    sign = re.match(r"[^\d\s.,+()-]+", text) or re.search(r"[^\d\s.,+()-]+$", text)
    if sign and (times := _TIMES.get(sign[0])) and re.search(r"\d\s*[a-zA-Z]+$", text):
        return f"write the numbers out: {sign[0]} is {times}; or leave the column away"
    if sign and len(sign[0]) <= 3 and re.search(r"\d", text):
        return f"declare `strip: [{sign[0]!r}]` for the column"
    if field.type == "money" and field.unit == "minor":
        return "write whole minor units, or declare `unit: major`"
    if field.type == "money" and re.fullmatch(r"\d*\.\d+", digits):
        return f"write at most {field.decimals} decimals, or declare `scale:`"
    return ""


def _of_signs(digits: str, dialect: Dialect) -> str:
    """Return what to do about points and commas that are not read: declare them where nothing is declared."""
    point, thousands = dialect.point, dialect.thousands
    other = "," if point == "." else "."
    groups = rf"\d{{1,3}}(\{other}\d{{3}})+" + (r"|\d{1,2}(,\d\d)+,\d{3}" if other == "," else "")
    is_grouped = re.fullmatch(rf"({groups})(\{point}\d+)?", digits)
    if is_grouped and not thousands:
        if point == ",":
            return "declare the sign for thousands: --csv thousands=., or correct the cell"
        more = ", or --csv decimal=, where it is the decimal sign" if digits.count(",") == 1 else ""
        return f"declare the sign for thousands: --csv thousands=,{more}"
    if point == "." and re.fullmatch(r"\d{1,3}(\.\d{3})+(,\d+)?", digits) and "," in digits:
        return "declare the signs: --csv decimal=,,thousands=."
    if re.fullmatch(rf"\d*\{other}\d+", digits):
        if dialect.decimal == "" and thousands != other:
            return f"declare the decimal sign: --csv decimal={other}"
        as_declared = digits.replace(other, point)
        why = f", and {other!r} stands before three digits" if thousands == other else ""
        return f"correct the cell: the decimal sign is {point!r}{why}; as declared it is {as_declared}"
    return ""
