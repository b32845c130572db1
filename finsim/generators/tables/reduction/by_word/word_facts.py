"""All that holds of numbers and dates in rows of single words: kept in a sample, exactly."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from finsim.generators.tables.reduction.by_word.word_dates import WordDate
from finsim.generators.tables.reduction.by_word.word_fills import WordFill
from finsim.generators.tables.reduction.by_word.word_identities import WordIdentity
from finsim.generators.tables.reduction.by_word.word_numbers import WordConstant, WordGrid, WordRange
from finsim.generators.tables.reduction.identities import Identity
from finsim.records.mixed_table import MixedColumn

Found = Mapping[str, MixedColumn]


@dataclass(frozen=True)
class WordFacts:
    """``constants``, ``ranges`` and ``identities`` of numbers, ``dates`` of dates that come after others.

    ``later`` : constants of columns that are computed from a part that is learned; ``parts`` : their ranges;
    ``same`` : what these are computed from otherwise, before the constants: a loan that pays interest alone
    owes what was lent until it is repaid. ``grids`` : numbers that words have multiples of; ``fills`` : cells
    that words never lack.
    """

    constants: tuple[WordConstant, ...] = ()
    ranges: tuple[WordRange, ...] = ()
    identities: tuple[WordIdentity, ...] = ()
    dates: tuple[WordDate, ...] = ()
    later: tuple[WordConstant, ...] = ()
    parts: tuple[WordRange, ...] = ()
    same: tuple[WordIdentity, ...] = ()
    grids: tuple[WordGrid, ...] = ()
    fills: tuple[WordFill, ...] = ()

    def of_numbers(self, columns: Found, given: Collection[str]) -> dict[str, MixedColumn]:
        """Return the learned columns of numbers as words have them; columns that are ``given`` stay."""
        found = dict(columns)
        for fill in self.fills:
            found |= fill.kept(found) if fill.target not in given else {}
        for span in self.ranges:
            found |= span.kept(found) if span.target not in given else {}
        for grid in self.grids:
            found |= grid.kept(found) if grid.target not in given else {}
        for one in self.constants:
            found |= one.kept(found) if one.target not in given else {}
        for identity in self.identities:
            found |= identity.kept(found, given)
        return found

    def of_date(self, target: str, columns: Found, given: Collection[str]) -> dict[str, MixedColumn]:
        """Return a date that has been put back as words have it."""
        found: dict[str, MixedColumn] = {}
        for one in self.dates:
            if one.target == target and not one.count and not {target, one.start} & set(given):
                found |= one.kept({**columns, **found})
        return found

    def of_counts(self, columns: Found, given: Collection[str]) -> dict[str, MixedColumn]:
        """Return numbers of months that dates will be computed from as words have these dates."""
        found: dict[str, MixedColumn] = {}
        for one in self.dates:
            if one.count and one.count not in given:
                found |= one.kept({**columns, **found})
        return found

    def of_computed(self, name: str, columns: Found) -> dict[str, MixedColumn]:
        """Return a column that has been computed as words have it."""
        found: dict[str, MixedColumn] = {}
        for part in (one for one in self.parts if one.target == name):
            found |= part.kept({**columns, **found})
        for identity in (one for one in self.same if one.rule.target == name):
            found |= identity.kept({**columns, **found})
        for same in (one for one in self.later if one.target == name):
            found |= same.kept({**columns, **found})
        return found

    def spans(self) -> Iterator[tuple[str, str, str, float, float]]:
        """Yield column and word, and the lowest and highest number or day of another column beside it."""
        for same in (*self.constants, *self.later):
            yield same.source, same.word, same.target, same.cell, same.cell
        for one in (*self.ranges, *self.parts):
            yield one.source, one.word, one.target, one.low, one.high
        for date in self.dates:
            yield date.source, date.word, date.target, date.low, date.high

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {one.name: [asdict(fact) for fact in getattr(self, one.name)] for one in fields(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> WordFacts:
        """Return the facts that ``to_dict`` wrote; earlier versions found none."""
        return cls(
            tuple(WordConstant(**one) for one in data.get("constants", ())),
            tuple(WordRange(**_tupled(one)) for one in data.get("ranges", ())),
            _identities(data.get("identities", ())),
            tuple(WordDate(**_tupled(one)) for one in data.get("dates", ())),
            tuple(WordConstant(**one) for one in data.get("later", ())),
            tuple(WordRange(**_tupled(one)) for one in data.get("parts", ())),
            _identities(data.get("same", ())),
            tuple(WordGrid(**one) for one in data.get("grids", ())),
            tuple(WordFill.from_dict(one) for one in data.get("fills", ())),
        )


def _identities(data: Collection[Mapping[str, Any]]) -> tuple[WordIdentity, ...]:
    return tuple(WordIdentity(one["source"], one["word"], Identity(**_tupled(one["rule"]))) for one in data)


def _tupled(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(one) if isinstance(one, list) else one for key, one in data.items()}
