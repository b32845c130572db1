"""The declared type of a text column, guessed from its header and its cells, with doubts in words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from finsim.tables.binding import plain as fold
from finsim.tables.cells.unit_times import EXCEL, EXCEL_EPOCH
from finsim.tables.cells.written import LEDGER_SIGN
from finsim.tables.outcome_words import proposed_defaults
from finsim.tables.proposing.forms import NEARLY_ALL, Numbers, moments, odd_moments
from finsim.tables.proposing.header_units import SIGNS, currency_in, unit_doubt
from finsim.tables.proposing.no_dates import false_days, no_dates
from finsim.tables.proposing.roles import is_entity, is_id, is_time
from finsim.tables.schema import Field

NULL_WORDS = frozenset((
    "na", "n/a", "n.a.", "#n/a", "#na", "null", "none", "nan", "nil", "-", "--", "---", ".", "?", "missing",
    "(null)", "\\n", "unknown", "#div/0!", "#value!", "#ref!", "k.a.", "nd", "n.d.",
))  # fmt: skip
_LABELS = frozenset(("none", "nd", "nil", "unknown", "missing"))  # rarely doubtful in a column of labels
_BOOLS = (
    ("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("ja", "nein"), ("j", "n"), ("si", "no"),
    ("sí", "no"), ("oui", "non"), ("s", "n"), ("vrai", "faux"), ("wahr", "falsch"), ("on", "off"),
    ("はい", "いいえ"), ("да", "нет"),
)  # fmt: skip
_OUTCOMES = (
    ("bad", "good"), ("malo", "bueno"), ("schlecht", "gut"), ("default", "paid"), ("chgoff", "pif"),
    ("mauvais", "bon"), ("defaulted", "performing"), ("chargedoff", "fullypaid"),
)  # fmt: skip
_SIGNS = {**SIGNS, "CHF": "CHF", "EUR": "EUR", "USD": "USD", "GBP": "GBP"}
NO_CURRENCY = "XXX"  # of ISO 4217: fits any
_FLAGS = {"outcome": "a default", "fraud": "fraud"}
_MONEY_ROLES = ("amount", "debit", "credit", "balance", "collateral", "income", "ead")
SHARE_ROLES = ("rate", "pd", "lgd")
_SHARE_NAMES = ("pct", "percent", "prozent", "porcentaje", "pourcent", "apr")
_ID_ROLES = ("id", "obligor", "ticker", "from_account", "to_account", "merchant")
_IN_BRACKETS = r"^\(\s*([^\d\s().,+-]{1,3}\s?)([\d.,][^()+-]*?)\s*\)$"
_SIGN_BEHIND = r"^([^\d\s().,+-]{1,3}\s?)([\d.,][^()+-]*?)\s*-$"
_BEFORE_SIGN = r"^([+-])\s*([^\d\s().,+-]{1,3}\s?)([\d.,].*)$"
_EPOCHS = (("s", 1e8, 5e9), ("ms", 1e11, 5e12), ("us", 1e14, 5e15), ("ns", 1e17, 5e18))
_SHEET = (25_569, 73_050)  # day numbers of the years 1970 to 2099
_INT64 = 2**63 - 1
_CATEGORIES = 10
_ODD_DATES = 40


@dataclass(frozen=True)
class Guess:
    """A proposed column, what could be otherwise, and the smallest number that was seen, if any."""

    field: Field
    doubts: tuple[str, ...] = ()
    low: float | None = None

    def said(self, *more: str) -> Guess:
        """Return the guess with more doubts."""
        return replace(self, doubts=self.doubts + more)


def guess_text(header: str, cells: Sequence[str], numbers: Numbers, role: str, ccy: str = "") -> Guess:
    """Guess the type of a text column from sampled cells; ``ccy`` is the table's currency, if known."""
    filled = [cell for cell in cells if cell]
    if not filled:
        return Guess(Field("cat", null=True, role=role), (f"`{header}` is empty in every row that was seen",))
    missing = len(filled) < len(cells)
    words = tuple(sorted({cell for cell in filled if cell.strip().casefold() in NULL_WORDS}))
    solid = [cell for cell in filled if cell not in words]
    base = Field("cat", null=missing, role=role)
    found = _boolean(header, filled, base)
    if found is None and solid:
        found = _moment(
            header,
            solid,
            replace(
                base, nulls=tuple(dict.fromkeys(word.strip() for word in words)), null=missing or bool(words)
            ),
        )
        found = found or _number(header, solid, words, numbers, replace(base, null=missing), ccy)
    return found or _label(header, filled, base)


def _boolean(header: str, cells: Sequence[str], base: Field) -> Guess | None:
    seen = Counter(cell for cell in cells if cell.strip().casefold() not in NULL_WORDS)
    empty = Counter(cell for cell in cells if cell not in seen)
    folded = {word.strip().casefold() for word in seen}
    if len(folded) not in (1, 2) or len(empty) > 2:
        return None
    doubts = [f"`{header}` holds {cell!r} {_times(count)}: read as empty" for cell, count in empty.items()]
    nulls = tuple(dict.fromkeys(word.strip() for word in empty))
    for yes, no in _BOOLS:
        if folded == {yes, no}:
            true = tuple(word for word in seen if word.strip().casefold() == yes)
            false = tuple(word for word in seen if word not in true)
            base = replace(base, type="bool", true=true, false=false)
            return Guess(replace(base, nulls=nulls, null=base.null or bool(nulls)), tuple(doubts))
    if len(seen) == 1 and not empty and (found := _one_flag_word(next(iter(seen)), base)):
        return Guess(found)
    if base.role != "outcome":
        return None
    for bad, good in _OUTCOMES:
        if {fold(word) for word in seen} == {bad, good}:
            true = tuple(word for word in seen if fold(word) == bad)
            false = tuple(word for word in seen if word not in true)
            said = f"`{header}`: {true[0]!r} is taken for a default"
            return Guess(replace(base, type="bool", true=true, false=false), (said,))
    return None


def _one_flag_word(word: str, base: Field) -> Field | None:
    """Return a column of one word of a flag as that flag: a file with more rows may hold the other word.

    A letter alone, and on and off, are flags only in the role of one. The other word is any that goes with
    it, in the same case.
    """
    bare = word.strip()
    folded = bare.casefold()
    if base.role not in _FLAGS and (len(folded) < 2 or folded in ("on", "off")):
        return None
    change = str.upper if bare.isupper() else str.title if bare.istitle() else str.lower
    others = [(change(yes), change(no)) for yes, no in _BOOLS if folded in (yes, no)]
    true = tuple(dict.fromkeys(yes for yes, _ in others))
    false = tuple(dict.fromkeys(no for _, no in others))
    if not others or bare not in (*true, *false) or word != bare:
        return None
    return replace(base, type="bool", true=true, false=false)


def _moment(header: str, cells: Sequence[str], base: Field) -> Guess | None:
    odd = Counter(cell for cell in cells if not any(sign.isdigit() for sign in cell))
    if len(odd) > 2 or sum(odd.values()) > 0.2 * len(cells):
        return None
    none = no_dates([cell for cell in cells if cell not in odd], header)
    odd += Counter(cell for cell in cells if cell in none)
    rest = [cell for cell in cells if cell not in odd]
    found = moments(rest, header)
    if found is None:
        few = Counter(rest)
        false = false_days(rest, header)
        few = Counter({cell: few[cell] for cell in false or odd_moments(rest, header)})
        none += false
        if not few or len(few) > _ODD_DATES or sum(few.values()) > (1.0 - NEARLY_ALL) * len(rest):
            return None
        odd += few
        found = moments([cell for cell in rest if cell not in few], header)
    if found is None or (found.format.startswith("%Y%m%d") and is_id(header)):
        return None
    no_date = "no date, as all others are dates: "
    doubts = [
        f"`{header}` holds {cell!r} {_times(count)}: {no_date if cell in none else ''}read as empty"
        for cell, count in odd.items()
    ]
    nulls = (*base.nulls, *(cell.strip() for cell in odd))
    base = replace(base, type=found.type, format=found.format, nulls=nulls, null=base.null or bool(nulls))
    return Guess(base, (*doubts, *found.doubts))


def _number(
    header: str, cells: Sequence[str], words: tuple[str, ...], numbers: Numbers, base: Field, ccy: str
) -> Guess | None:
    """Guess a column of numbers: its type, unit, and the texts around its numbers."""
    pattern = _pattern(numbers)
    signed = {cell: _signed(cell.strip()) for cell in dict.fromkeys(cells)}
    parsed = {cell: pattern.fullmatch(text) for cell, text in signed.items()}
    odd = Counter(cell for cell in cells if parsed[cell] is None)
    wordy = [cell for cell in odd if not any(sign.isdigit() for sign in cell)]
    if len(odd) > len(wordy) or len(odd) > 2 or sum(odd.values()) > 0.2 * len(cells):
        return None
    doubts = [f"`{header}` holds {cell!r} {_times(count)}: read as empty" for cell, count in odd.items()]
    values = [found for cell in cells if (found := parsed[cell])]
    around = Counter((found["lead"], found["trail"]) for found in values)
    if not _uniform(around):
        return None
    nulls = tuple(dict.fromkeys(word.strip() for word in (*words, *odd)))
    base = replace(base, nulls=nulls, null=base.null or bool(nulls))
    plain = [_plain(found, numbers) for found in values]
    zeros = next(
        (cell for cell, text in zip(cells, plain, strict=False) if re.match(r"[+-]?0\d", text)), None
    )
    if zeros is not None:
        kind = "id" if is_id(header) or base.role in _ID_ROLES else "cat"
        said = f"`{header}` has leading zeros ({zeros}): read as text"
        return Guess(replace(base, type=kind, nulls=(), null=base.null and not nulls), (said,))
    guess: Guess | None = _typed(header, plain, around, base, ccy)
    turned = next((cell for cell, text in signed.items() if text != cell.strip()), None)
    if turned is not None and guess is not None:
        guess = _of_a_ledger(header, turned, guess, ccy)
    return guess and replace(guess, doubts=(*doubts, *guess.doubts))


def _signed(text: str) -> str:
    """Return a number with its minus before the digits: also ``12-``, ``(12)``, ``$12-``, ``-$12``."""
    text = re.sub(LEDGER_SIGN, r"-\1\2", text)
    text = re.sub(_SIGN_BEHIND, r"\1-\2", re.sub(_IN_BRACKETS, r"\1-\2", text))
    return re.sub(_BEFORE_SIGN, r"\2\1\3", text)


def _of_a_ledger(header: str, cell: str, guess: Guess, ccy: str) -> Guess | None:
    """Return a column of amounts with a minus behind them or in brackets as money; no other is so written."""
    if guess.field.type == "money":
        return guess
    if guess.field.type not in ("int", "float"):
        return None
    money = replace(guess.field, type="money", ccy=ccy or NO_CURRENCY, unit="")
    said = f"`{header}` holds {cell}, a minus as ledgers write it: read as money"
    if money.ccy == NO_CURRENCY:
        said += " of no stated currency (XXX): declare it, such as ccy: EUR"
    return Guess(money, (said,))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _uniform(around: Counter[tuple[str, str]]) -> bool:
    """Tell whether what stands around the numbers is one unit or currency, not a part of codes."""
    texts = {(lead.strip(), trail.strip()) for lead, trail in around}
    filled = texts - {("", "")}
    if len(filled) > 1:
        return False
    for lead, trail in filled:
        signs = lead in _SIGNS or not lead
        unit = not trail or trail in _SIGNS or not trail[0].isalpha() or len(trail) > 1
        if not signs or not unit or (len(texts) > 1 and trail.isalpha() and trail not in _SIGNS):
            return False
    return True


def _pattern(numbers: Numbers) -> re.Pattern[str]:
    point, group = re.escape(numbers.decimal), re.escape(numbers.thousands)
    grouped = rf"\d{{1,3}}(?:{group}\d{{3}})+|" if group else ""
    grouped += r"\d{1,2}(?:,\d\d)+,\d{3}|" if numbers.thousands == "," else ""
    return re.compile(
        rf"(?P<lead>[^\d\s.,+-]*\s?)(?P<number>[+-]?(?:(?:{grouped}\d+)(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?)"
        r"(?P<trail>\s?[^\d.,+-]*)"
    )


def _plain(found: re.Match[str], numbers: Numbers) -> str:
    text = found["number"]
    if numbers.thousands:
        text = text.replace(numbers.thousands, "")
    return text.replace(numbers.decimal, ".")


def _typed(
    header: str, plain: Sequence[str], around: Counter[tuple[str, str]], base: Field, ccy: str
) -> Guess:
    """Guess the type of numbers written with a decimal point and nothing around them."""
    values = [float(text) for text in plain]
    guess = replace(_guessed(header, plain, around, base, ccy, values), low=min(values))
    doubt = unit_doubt(header) if guess.field.type in ("int", "float") and not base.role else ""
    return replace(guess, doubts=(doubt,)) if doubt else guess


def _guessed(
    header: str,
    plain: Sequence[str],
    around: Counter[tuple[str, str]],
    base: Field,
    ccy: str,
    values: Sequence[float],
) -> Guess:
    low, high = min(values), max(values)
    whole = all(re.fullmatch(r"[+-]?\d+", text) for text in plain)
    decimals = max((len(text.partition(".")[2]) for text in plain), default=0)
    texts = tuple(sorted({text for pair in around for text in pair if text.strip()}))
    percent = any("%" in text for text in texts)
    sign = next((code for text in texts for mark, code in _SIGNS.items() if mark in text), "")
    base = replace(base, strip=() if percent else texts)
    if not texts and whole and (is_id(header) or base.role in _ID_ROLES or _has_entities(header, plain)):
        key = replace(base, type="id", nulls=(), null=base.null and not base.nulls)
        return Guess(key, _who_acts(header, plain))
    if percent:
        return Guess(replace(base, type="ratio"))
    if base.role in ("date", "opened") or is_time(header):
        found = _epoch(header, low, high, base, whole)
        if found is not None or base.role:
            return found or Guess(
                replace(base, type="int" if whole else "float"),
                (f"`{header}`: numbers from {low:g} to {high:g}, not dates",),
            )
    if sign or (ccy and base.role in _MONEY_ROLES):
        if decimals <= 2 and not any("e" in text.lower() for text in plain):
            said = f"`{header}`: money of no stated currency (XXX): declare it, such as ccy: EUR"
            known = ccy if ccy not in ("", NO_CURRENCY) else currency_in(header) or ccy
            money = replace(base, type="money", ccy=sign or known)
            return Guess(money, (said,) if money.ccy == NO_CURRENCY else ())
        return Guess(replace(base, type="float"), (f"`{header}` has {decimals} decimals: not money",))
    named = any(word in fold(header) for word in _SHARE_NAMES)
    if ccy and not base.role and not named and all(re.fullmatch(r"-?\d+\.\d\d", text) for text in plain):
        said = f"`{header}` has two decimals in every cell: money?"
        known = currency_in(header) if ccy == NO_CURRENCY else ccy
        if not known:
            said += " declare type: money and its currency, ccy: EUR"
            return Guess(replace(base, type="float"), (said,))
        return Guess(replace(base, type="money", ccy=known), (said,))
    if base.role in SHARE_ROLES or (named and not (whole and high <= 10)):
        return _share(header, values, base)
    if base.role == "term":
        return _term(header, texts, low, high, replace(base, type="int" if whole else "float"))
    if whole and max(abs(int(text)) for text in plain) > _INT64:
        kind = "id" if len({len(text) for text in plain}) == 1 else "float"  # a quantity varies in length
        return Guess(replace(base, type=kind), (f"`{header}` goes beyond int64: read as {kind}",))
    guess = Guess(replace(base, type="int" if whole else "float"))
    if base.role in _MONEY_ROLES:
        guess = guess.said(f"`{header}`: money? declare type: money and its currency, ccy: EUR")
    if whole and {*values} <= {0.0, 1.0} and base.role in _FLAGS:
        what = _FLAGS[base.role]
        flag = replace(base, type="bool", true=("1",), false=("0",))
        return Guess(flag, (f"`{header}`: 1 is taken for {what}",))
    if whole and {*values} == {0.0, 1.0}:
        guess = guess.said(f"`{header}` holds only 0 and 1: type: bool?")
    return guess


def _epoch(header: str, low: float, high: float, base: Field, whole: bool) -> Guess | None:
    for unit, least, most in _EPOCHS:
        if least <= low and high <= most and (whole or unit != "ns"):
            said = f"`{header}`: numbers that look like time since 1970: unit: {unit}?"
            return Guess(replace(base, type="ts", unit=unit), (said,))
    if _SHEET[0] <= low and high <= _SHEET[1]:
        day = date.fromordinal(date(1970, 1, 1).toordinal() + int(low) - EXCEL_EPOCH)
        said = f"`{header}`: numbers that look like the days of a sheet ({low:g} is {day}): unit: {EXCEL}?"
        return Guess(replace(base, type="date" if whole else "ts", unit=EXCEL), (said,))
    return None


def _share(header: str, values: Sequence[float], base: Field) -> Guess:
    low, high, mean = min(values), max(values), sum(values) / len(values)
    shown = f"`{header}`: {len(values):,} values seen, {low:g} to {high:g}, mean {mean:.3g}"
    if high > 1.5 and high <= 1000:
        return Guess(replace(base, type="ratio", unit="percent"), (f"{shown}: percent?",))
    if high > 1000:
        return Guess(replace(base, type="float"), (f"{shown}: no rate",))
    return Guess(replace(base, type="ratio"), (f"{shown}: decimals, not percent?",) if high > 0.5 else ())


def _term(header: str, texts: Sequence[str], low: float, high: float, base: Field) -> Guess:
    said = fold(header + "".join(texts))
    if any(word in said for word in ("year", "jahr", "año", "ans", "anni")) and "month" not in said:
        return Guess(replace(base, unit="years"))
    if any(word in said for word in ("month", "monat", "mes", "mois", "mesi")):
        return Guess(replace(base, unit="months"))
    if high <= 40:
        doubt = f"`{header}`: values seen {low:g} to {high:g}: months, or unit: years?"
        return Guess(replace(base, unit="months"), (doubt,))
    return Guess(replace(base, unit="months"))


def _label(header: str, cells: Sequence[str], base: Field) -> Guess:
    """Guess a text column: an id where the header or the cells say so, else a category."""
    doubts = []
    digits = sum(cell.isdigit() for cell in cells)
    odd = next((cell for cell in cells if not cell.isdigit()), "")
    numbered = sum(any(sign.isdigit() for sign in cell) for cell in cells)
    coded = numbered > 0.9 * len(cells)
    distinct = len(set(cells)) / len(cells)
    spaced = sum(" " in cell.strip() for cell in cells) > 0.1 * len(cells)
    named = is_id(header) and (numbered > 0 or distinct >= 0.1)  # a code of few words is a category: FUEL
    key = (named or base.role in _ID_ROLES or _has_entities(header, cells)) and not spaced
    key = key or (coded and len(cells) >= 20 and distinct > 0.9 and not any(" " in cell for cell in cells))
    kind = "id" if key or (digits > 0.5 * len(cells) and distinct > 0.5) else "cat"
    if digits > 0.5 * len(cells):
        doubts.append(f"`{header}` is mostly numbers but has {odd}: {kind}")
    empty = sorted({cell for cell in cells if cell.strip().casefold() in NULL_WORDS - _LABELS})
    if empty:
        meant = f"`{header}`: {', '.join(empty)} are labels; if they mean empty, declare null: [{empty[0]}]"
        doubts.append(meant)
    doubts += _who_acts(header, cells) if kind == "id" else ()
    if base.role == "outcome":
        bad, said = proposed_defaults(header, cells)
        return Guess(replace(base, type=kind, bad=bad), (*doubts, said))
    return Guess(replace(base, type=kind), tuple(doubts))


def _has_entities(header: str, cells: Sequence[str]) -> bool:
    """Tell whether a column called card or customer has more values than such a category has."""
    return is_entity(header) and len(set(cells)) > _CATEGORIES


def _who_acts(header: str, cells: Sequence[str]) -> tuple[str, ...]:
    """Return the doubt of a column that is taken for a card, an account or a customer by its header alone."""
    each = len(cells) / len(set(cells))
    if each < 2.0 or is_id(header) or not is_entity(header):
        return ()
    return (f"`{header}` repeats {each:.0f} times on average: taken for who acts; else declare type: cat",)


def currency_of(columns: Mapping[str, Sequence[str]]) -> str:
    """Return the currency of a table whose currency column holds one code only."""
    for cells in columns.values():
        seen = {cell.strip() for cell in cells if cell.strip()}
        if len(seen) == 1 and re.fullmatch(r"[A-Z]{3}", next(iter(seen))):
            return next(iter(seen))
    return ""
