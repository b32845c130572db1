"""Columns of numbers that follow rules of arithmetic, another one for each word of a column."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from types import EllipsisType
from typing import NamedTuple

import numpy as np

from finsim.generators.tables.reduction.arithmetic.cases import LACKS, THERE, CaseRule, Cases, codes_of
from finsim.generators.tables.reduction.arithmetic.day_counts import day_count
from finsim.generators.tables.reduction.arithmetic.row_rules import rule_of_rows
from finsim.generators.tables.reduction.column_cells import as_numbers
from finsim.generators.tables.reduction.identities import ANNUITY, FACTORS, PRODUCT, RATIO, Identity, Numbers
from finsim.generators.tables.reduction.orders import grid_of
from finsim.notation import Float1D, Int1D
from finsim.randomness import Streams
from finsim.records.mixed_table import NUMBER, TIME, WORD, MixedColumn, MixedTable

LEAST_ROWS, FEW_ROWS, LEAST_SAME, MOST_WORDS = 50, 5, 0.99, 24
"""A word has a rule of its own by 50 rows, 99 % of which keep it; of a word of five rows it may be one that
another word has. Columns of up to 24 words (assumptions)."""
LEAST_ALL, LEAST_PART = 0.999, 0.3
"""All words have rules where these are 99.9 % of the rows; rules of some count from 30 % (assumptions)."""
MOST_TARGETS, MOST_SOURCES, SOME_ROWS = 60, 24, 5_000


class _Source(NamedTuple):
    name: str
    words: tuple[str, ...]
    codes: Int1D


def find_cases(table: MixedTable, computed: Collection[str], streams: Streams) -> Iterator[Cases]:
    """Yield columns of numbers that the words of another column have rules for, all words first.

    ``computed`` : columns that are none of the targets. One rule that holds in all rows is a case without
    words. Words without a rule have ``own`` cells, where another one has a level payment or a factor.
    """
    numbers = {name: one for name, one in table.columns.items() if one.kind == NUMBER and _is_plain(one)}
    targets = [name for name in numbers if name not in computed][:MOST_TARGETS]
    free = [
        *(name for name in numbers if name not in computed),
        *(name for name in numbers if name in computed),
    ]
    part: list[Cases] = []
    dates = {
        name: days for name, one in table.columns.items()
        if one.kind == TIME and (days := as_numbers(one)) is not None
    }  # fmt: skip
    looking = _Looking(MixedTable(numbers, table.rows), free, streams, dates)
    for target in targets:
        every = looking.for_all(target)
        if every is not None:
            yield every
            continue
        found = []
        for source in _sources(table, target):
            cases = looking.cases(source, target)
            if cases is not None:
                found.append(cases)
        whole = [one for one in found if not one.own]
        if whole:
            yield min(whole, key=lambda one: len(set(one.rules)))
        elif found:
            part.append(max(found, key=lambda one: len(one.words)))
    yield from part


def _is_plain(column: MixedColumn) -> bool:
    """Tell whether a column of numbers has some, and none that is infinite."""
    return not column.missing().all() and not np.isinf(column.values).any()


def _sources(table: MixedTable, target: str) -> Iterator[_Source]:
    """Yield columns of few words, then those that lack cells, the first of those that lack the same ones."""
    for name, column in list(table.columns.items()):
        if column.kind == WORD:
            words, counts = _common(column)
            if 2 <= len(words) <= MOST_WORDS and counts[0] >= LEAST_ROWS:
                yield _Source(name, words, codes_of(column, words))
    known = {table[target].missing().tobytes()}
    for name, column in table.columns.items():
        lacks = column.missing()
        key = lacks.tobytes()
        if name != target and column.kind != WORD and lacks.any() and key not in known:
            known.add(key)
            if min(lacks.sum(), (~lacks).sum()) >= LEAST_ROWS:
                words = (LACKS, THERE) if lacks.mean() > 0.5 else (THERE, LACKS)
                yield _Source(name, words, codes_of(column, words))


def _common(column: MixedColumn) -> tuple[tuple[str, ...], list[int]]:
    """Return the words that are met, the commonest first, and in how many rows."""
    counts = np.bincount(column.values[column.values >= 0], minlength=len(column.words))
    order = [code for code in np.argsort(-counts, kind="stable") if counts[code]]
    return tuple(column.words[code] for code in order), [int(counts[code]) for code in order]


class _Looking:
    def __init__(
        self, numbers: MixedTable, free: list[str], streams: Streams, dates: dict[str, Float1D]
    ) -> None:
        self.table, self.free, self.streams, self.dates = numbers, free, streams, dates
        self.known: dict[tuple[str, str], Numbers] = {}
        self.grids = {name: max(grid_of(one), one.step) for name, one in numbers.columns.items()}

    def for_all(self, target: str) -> Cases | None:
        """Return the one rule that all rows have for a target, None where there is none."""
        every = _Source("", ("",), np.zeros(self.table.rows, np.int64))
        rule = self._rule(every, "", target, LEAST_ALL)
        return None if rule is None else Cases(target, "", ("",), (rule,), 0, self.grids[target])

    def cases(self, source: _Source, target: str) -> Cases | None:
        """Return the rules that words of a source have for a target, None where they are none."""
        values = self.table[target].values
        rules: dict[str, CaseRule] = {}
        rare: list[str] = []
        missed = 0
        for place, word in enumerate(source.words):
            mine = values[source.codes == place]
            same = _same(mine)
            if len(mine) < LEAST_ROWS and isinstance(same, EllipsisType):
                rare.append(word)
            elif not isinstance(same, EllipsisType):
                rules[word] = same
            else:
                rule = self._rule(source, word, target)
                if rule is None:
                    missed += 1
                    if missed > 1 and not _computes(rules):  # the two commonest have none
                        return None
                else:
                    rules[word] = rule
        return self._cases(source, target, rules, rare)

    def _cases(
        self, source: _Source, target: str, rules: dict[str, CaseRule], rare: list[str]
    ) -> Cases | None:
        made = list(dict.fromkeys(one for one in rules.values() if isinstance(one, Identity)))
        if not made:
            return None
        for word in rare:
            fit = next((one for one in made if self._fits(source, word, target, one)), None)
            if fit is not None:
                rules[word] = fit
        words = tuple(word for word in source.words if word in rules)
        usual = next(k for k, word in enumerate(words) if isinstance(rules[word], Identity))
        told_by = tuple(rules[word] for word in words)
        found = Cases(target, source.name, words, told_by, usual, self.grids[target])
        told = np.isin(source.codes, [source.words.index(word) for word in words])
        if len(words) == len(source.words) and (source.codes >= 0).mean() >= LEAST_ALL:
            return found
        if told.mean() >= LEAST_ALL:
            return found
        computes = [word for word in words if isinstance(rules[word], Identity)]
        share = np.isin(source.codes, [source.words.index(word) for word in computes]).mean()
        hidden = f"{target}: own"
        counts_days = any(set(one.operands) & set(self.dates) for one in made)  # few default, all count days
        is_part = share >= LEAST_PART and any(_is_own(one) for one in made)
        if hidden in self.table or not (is_part or counts_days):
            return None
        return replace(found, own=hidden)

    def _numbers(self, source: _Source, word: str) -> Numbers:
        key = (source.name, word)
        if key not in self.known:
            rows = np.flatnonzero(source.codes == source.words.index(word))
            rng = self.streams.at("rows of cases", *key)
            self.known[key] = Numbers(self.table.take(np.sort(rng.permutation(rows)[:SOME_ROWS])))
            self.known[key].step = {name: self.grids[name] for name in self.known[key].values}
        return self.known[key]

    def _rule(self, source: _Source, word: str, target: str, least: float = LEAST_SAME) -> Identity | None:
        rng = self.streams.at("cases", source.name, word, target)
        found = rule_of_rows(self._numbers(source, word), target, self.free, rng, least)
        if found is not None or not source.name or self.grids[target] < 1.0:
            return found
        mine = source.codes == source.words.index(word)
        return day_count(target, self.table[target].values, self.dates, mine)

    def _fits(self, source: _Source, word: str, target: str, rule: Identity) -> bool:
        rows = source.codes == source.words.index(word)
        if rows.sum() < FEW_ROWS:
            return False
        known = {**{name: one.values for name, one in self.table.columns.items()}, **self.dates}
        numbers = {name: known[name][rows] for name in (target, *rule.operands)}
        with np.errstate(all="ignore"):
            off = np.abs(rule.values(numbers) - numbers[target])
        return bool((off <= 0.5 * self.grids[target] + 1e-9 * np.abs(numbers[target])).all())


def _same(values: Float1D) -> float | EllipsisType | None:
    """Return the number that nearly all rows have, None where they have none, ... where they differ."""
    there = ~np.isnan(values)
    if there.mean() <= 1.0 - LEAST_SAME:
        return None
    found, counts = np.unique(values[there], return_counts=True)
    return float(found[counts.argmax()]) if counts.max() >= LEAST_SAME * len(values) else ...


def _computes(rules: dict[str, CaseRule]) -> bool:
    return any(isinstance(one, Identity) for one in rules.values())


def _is_own(rule: Identity) -> bool:
    """Tell whether a rule is one that is not looked for in rows of words elsewhere."""
    return rule.kind == ANNUITY or (rule.kind in (PRODUCT, RATIO) and rule.factors[0] not in FACTORS)
