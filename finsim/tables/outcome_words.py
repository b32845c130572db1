"""Words of an outcome that mean a default of the loan, in several languages: Ausfall, impago, charged off."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

# Words that mean a default as they stand, folded: small letters without accents.
_WORDS = frozenset((
    "bad", "malo", "mala", "schlecht", "mauvais", "chgoff", "co", "wo", "npl", "npe", "dflt", "calote",
    "moroso", "morosa",
))  # fmt: skip
# Beginnings of words, or of up to three written together, that mean it; a negation before turns them round.
_BEGINNINGS = (
    "default", "chargeoff", "chargedoff", "writeoff", "writtenoff", "badloan", "baddebt", "nonperform",
    "notperform", "bankrupt", "foreclos", "repossess", "liquidat",
    "ausfall", "ausgefallen", "abgeschrieben", "notleidend", "uneinbringlich", "zahlungsunfahig", "insolven",
    "defaut", "defaillan", "irrecouvrable", "contentieux", "passeenperte", "passeeenperte", "douteu",
    "impag", "fallid", "incobrable", "incumpl", "morosidad", "castigad", "dudos",
    "sofferen", "inadempi", "insolut", "deteriorat", "irrecuperabil",
    "inadimpl", "incumpri", "incobrave", "prejuizo", "malparado",
    "wanbetal", "oninbaar", "afgeschreven",
)  # fmt: skip
_SIGNS = ("貸倒", "債務不履行", "违约", "核销", "坏账")
_NOT = frozenset((
    "no", "not", "non", "never", "nie", "nicht", "kein", "keine", "keinen", "ohne", "sans", "sin", "senza",
    "sem", "geen", "niet", "pas", "nunca", "mai", "pre", "ex", "cured",
))  # fmt: skip
_REACH, _SEVERAL = 3, 3
"""How many words before a word may turn it round: not yet defaulted, never been in default (assumption)."""


def means_default(word: str) -> bool:
    """Tell whether a word or phrase of an outcome means that the loan has defaulted.

    Example:
        >>> [means_default(one) for one in ("AUSFALL", "Charged Off", "en défaut", "not in default")]
        [True, True, True, False]

    """
    if any(sign in word for sign in _SIGNS):
        return True
    words = _folded(word)
    for at, one in enumerate(words):
        if one in _WORDS or "".join(words[at : at + 3]).startswith(_BEGINNINGS):
            return not _NOT & set(words[max(at - _REACH, 0) : at])
    return False


def defaults_among(words: Iterable[str]) -> tuple[str, ...]:
    """Return which words of an outcome mean a default; none where all do, as then nothing is told apart.

    Example:
        >>> defaults_among(["LAUFEND", "GETILGT", "AUSFALL"])
        ('AUSFALL',)

    """
    listed = list(dict.fromkeys(words))
    found = tuple(one for one in listed if means_default(one))
    return found if len(found) < len(listed) else ()


def proposed_defaults(header: str, cells: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Return the words of default among the cells of an outcome, where known, and what is said of them."""
    words = sorted({cell.strip() for cell in cells if cell.strip()})
    if len(words) < _SEVERAL:
        return (), f"`{header}`: say which labels mean a default: type: bool, true: [..], false: [..]"
    bad = defaults_among(words)
    if not bad:
        there = f"or in a study bad: {{from: '{header}', is: [..]}}"
        return (), f"`{header}`: say which labels mean a default: is: [..], {there}"
    listed = " and ".join(repr(word) for word in bad)
    return bad, f"`{header}`: {listed} taken for default (`is:`), all other words for good loans"


def _folded(word: str) -> list[str]:
    apart = unicodedata.normalize("NFKD", word.replace("ß", "ss")).casefold()
    latin = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return re.findall(r"[^\W\d_]+", latin)
