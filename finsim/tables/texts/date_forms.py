"""Forms in which a text writes a day, month, quarter or time: 14.12, 14DEC, 12/2024, Q4 2024, 18:34."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache

MONTHS = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "de": ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"],
    "fr": ["Janv", "Févr", "Mars", "Avr", "Mai", "Juin", "Juil", "Août", "Sept", "Oct", "Nov", "Déc"],
    "es": ["Ene", "Feb", "Mar", "Abr", "May", "Jun", "Jul", "Ago", "Sep", "Oct", "Nov", "Dic"],
    "english": ["January", "February", "March", "April", "May", "June", "July", "August", "September",
                "October", "November", "December"],
    "deutsch": ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
                "November", "Dezember"],
    "français": ["Janvier", "Février", "Mars", "Avril", "Mai", "Juin", "Juillet", "Août", "Septembre",
                 "Octobre", "Novembre", "Décembre"],
    "español": ["Enero", "Febrero", "Marzo", "Abril", "Mayo", "Junio", "Julio", "Agosto", "Septiembre",
                "Octubre", "Noviembre", "Diciembre"],
}  # fmt: skip
CASES = ("upper", "title", "lower")
_EPOCH = date(1970, 1, 1)
_PADDED = (
    "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d.%m.%y", "%d/%m/%y",
    "%m/%d/%y", "%d-%m-%y", "%y-%m-%d", "%d.%m", "%d/%m", "%m/%d", "%d-%m", "%m-%d",
)  # fmt: skip
_DIGITS = ("%d%m%Y", "%Y%m%d", "%d%m%y", "%y%m%d", "%d%m", "%m%d")
_NAMED = (
    "%d%b%Y", "%d%b%y", "%d%b", "%d %b %Y", "%d %b %y", "%d %b", "%d-%b-%Y", "%d-%b-%y", "%d-%b", "%b %d",
    "%b%d", "%d. %b", "%e %b %Y", "%e %b", "%e%b", "%e. %b",
)  # fmt: skip
_OF_MONTHS = ("%m/%Y", "%m.%Y", "%m-%Y", "%Y-%m", "%Y/%m")
_NAMED_MONTHS = ("%b %Y", "%b%Y", "%b-%Y", "%b/%Y", "%b %y", "%b%y", "%b-%y", "%b")
_QUARTERS = (
    "Q%q %Y", "Q%q/%Y", "Q%q-%Y", "Q%q.%Y", "Q%q%Y", "%YQ%q", "%Y-Q%q", "%Y/Q%q", "%Y Q%q", "Q%q %y",
    "Q%q/%y", "Q%q%y", "%qQ%Y", "%qQ%y", "%qQ %Y", "T%q %Y", "T%q/%Y", "%qT%Y", "%qT %Y", "Q%q", "T%q",
)  # fmt: skip
_WORDS_OF_QUARTERS = ("Quartal", "Quarter", "Trimestre")
_NAMED_QUARTERS = ("%q. # %Y", "%q.# %Y", "%q. #/%Y", "%q # %Y", "# %q/%Y", "# %q %Y", "%q. #", "# %q")
CLOCKS = ("%H:%M:%S", "%H.%M.%S", "%H:%M", "%H.%M", "%Hh%M", "%H%M")
_TOKENS = {
    "%q": r"[1-4]", "%d": r"\d\d", "%m": r"\d\d", "%y": r"\d\d", "%Y": r"\d{4}", "%e": r"\d\d?",
    "%n": r"\d\d?",
    "%H": r"\d\d", "%M": r"\d\d", "%S": r"\d\d",
}  # fmt: skip


@dataclass(frozen=True)
class DateForm:
    """A form of a day, month or quarter (%q): ``pattern`` of %d %m %y %Y (%e, %n: no 0) and %b, month names.

    ``language`` and ``case`` are those of the names of months, empty where there are none.
    """

    pattern: str
    language: str = ""
    case: str = ""

    @property
    def has_year(self) -> bool:
        """Whether the form says the year."""
        return "%y" in self.pattern.lower()

    def text(self, day: int) -> str:
        """Return a day, counted from 1970, in this form."""
        return _text(self, day)

    def regex(self) -> re.Pattern[str]:
        """Return what finds such texts, no part of a longer number or date."""
        return _regex(self)

    def months(self) -> list[str]:
        """Return the names of months in this form."""
        return [str(getattr(one, self.case)()) for one in MONTHS[self.language]]


@lru_cache(maxsize=200_000)
def _text(form: DateForm, day: int) -> str:
    at = _EPOCH + timedelta(days=day)
    found = form.pattern
    if form.language:
        found = found.replace("%b", form.months()[at.month - 1])
    cells = {"%Y": f"{at.year:04d}", "%y": f"{at.year % 100:02d}", "%d": f"{at.day:02d}",
             "%m": f"{at.month:02d}", "%e": str(at.day), "%n": str(at.month),
             "%q": str((at.month + 2) // 3)}  # fmt: skip
    for token, text in cells.items():
        found = found.replace(token, text)
    return found


@cache
def _regex(form: DateForm) -> re.Pattern[str]:
    return _bounded(form.pattern, form.months() if form.language else [])


@lru_cache(maxsize=64)
def clock_regex(pattern: str) -> re.Pattern[str]:
    """Return what finds times of day in a pattern of %H, %M and %S."""
    return _bounded(pattern, [])


def _bounded(pattern: str, months: list[str]) -> re.Pattern[str]:
    parts = re.split(r"(%[A-Za-z])", pattern)
    names = "|".join(re.escape(one) for one in months)
    inner = "".join(_TOKENS.get(one) or (f"(?:{names})" if one == "%b" else re.escape(one)) for one in parts)
    near = "" if pattern.count(":") else r".:/\-"
    before, after = r"(?<![0-9])", r"(?![0-9])"
    if near:
        before, after = before + rf"(?<![0-9][{near}])", after + rf"(?![{near}][0-9])"
    if pattern.startswith("%b") or pattern[0].isalpha():
        before = r"(?<![A-Za-z])"
    if pattern.endswith("%b"):
        after = r"(?![A-Za-z0-9])"
    return re.compile(before + inner + after)


@lru_cache(maxsize=1)
def all_forms() -> tuple[DateForm, ...]:
    """Return all forms of days and months, those that say more first."""
    plain = [DateForm(one) for one in _PADDED]
    short = [one.replace("%d", "%e").replace("%m", "%n") for one in _PADDED]
    named, seen = [], set()
    for language, names in MONTHS.items():
        for case in CASES:
            for pattern in (*_NAMED, *_NAMED_MONTHS):
                mine = pattern, tuple(getattr(one, case)() for one in names)
                if mine not in seen:
                    seen.add(mine)
                    named.append(DateForm(pattern, language, case))
    whole = [one for one in named if "%d" in one.pattern or "%e" in one.pattern]
    months = [*(DateForm(one) for one in _OF_MONTHS), *(one for one in named if one not in whole)]
    words = [one.replace("#", word) for one in _NAMED_QUARTERS for word in _WORDS_OF_QUARTERS]
    cased = dict.fromkeys(
        made for one in words for made in (one, _cased(one, str.upper), _cased(one, str.lower))
    )
    quarters = [DateForm(one) for one in (*_QUARTERS, *cased)]
    digits = [DateForm(one) for one in _DIGITS]
    return (*plain, *(DateForm(one) for one in short), *whole, *months, *quarters, *digits)


def _cased(pattern: str, case: Callable[[str], str]) -> str:
    """Return a pattern whose words, but for its tokens, are in a case."""
    return re.sub(r"(?<![%A-Za-z])[A-Za-z]+", lambda found: case(found[0]), pattern)


def clock_text(pattern: str, second: int) -> str:
    """Return a second of the day in a pattern of %H, %M and %S."""
    hour, rest = divmod(second, 3_600)
    minute, left = divmod(rest, 60)
    found = pattern.replace("%H", f"{hour:02d}").replace("%M", f"{minute:02d}")
    return found.replace("%S", f"{left:02d}")


def second_of(pattern: str, text: str) -> int:
    """Return the second of the day that a text says, -1 for none."""
    digits = [int(one) for one in re.findall(r"\d\d", text)]
    hour, minute, second = (*digits, 0, 0)[:3]
    return -1 if hour > 23 or minute > 59 or second > 59 else hour * 3_600 + minute * 60 + second
