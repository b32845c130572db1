"""What holds of numbers and dates in rows of single words of a table, beyond chance."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from finsim.generators.margins.grains import grain_of
from finsim.generators.tables.reduction.by_word.word_dates import WordDate
from finsim.generators.tables.reduction.by_word.word_facts import WordFacts
from finsim.generators.tables.reduction.by_word.word_fills import WordFill
from finsim.generators.tables.reduction.by_word.word_identities import WordIdentity
from finsim.generators.tables.reduction.by_word.word_numbers import WordConstant, WordGrid, WordRange
from finsim.generators.tables.reduction.column_cells import as_numbers, number_step
from finsim.generators.tables.reduction.computed import Computed
from finsim.generators.tables.reduction.dates.date_gaps import DateGap
from finsim.generators.tables.reduction.dates.month_dates import MonthDate
from finsim.generators.tables.reduction.identities import SCALE, Identity, find_identities
from finsim.generators.tables.reduction.learned_parts import Learned
from finsim.generators.tables.reduction.plans import Plan
from finsim.generators.tables.reduction.portions import Portion
from finsim.generators.tables.reduction.schedules import Schedule
from finsim.notation import Bool1D, Float1D
from finsim.randomness import Streams
from finsim.records.mixed_table import NUMBER, WORD, MixedTable

LEAST_ROWS, EXPECTED = 30, 14.0
"""A word has 30 rows, of which chance would have 14 beyond: none of them once in a million (assumptions)."""
LEAST_IDENTITY, LEAST_CONSTANT = 0.99, 0.99
FEW_ROWS, FEW_EXPECTED = 10, 3.0
"""Or ten rows, of which chance would have three beyond, where a commoner word of the column has the same fact
(assumptions): loans in arrears are few, and end after the tape as all that run do."""
MOST_WORDS, MOST_LOOKED, SOME_ROWS = 24, 16, 5_000
"""Columns of up to 24 words; sums and products are looked for in the 16 commonest words (assumptions)."""
GRID_ROWS, GRID_VALUES, LEAST_ON, MOST_ON = 50, 10, 0.995, 0.9
GRIDS = (1000, 500, 250, 100, 50, 25, 20, 10, 5, 4, 2)
"""A word has a grid by 50 rows and ten numbers, 99.5 % of which are on it, and nine tenths of all at most; so
many steps wide (assumptions)."""
QUANTILES = 33
LEAST_BY_DATES = 0.9
"""Of the rows of a word have no payment behind: their dates say what they owe (assumption)."""


class _Word(NamedTuple):
    source: str
    word: str
    rows: Bool1D


class Around(NamedTuple):
    """What stands around the columns that are learned: dates after others, and computed columns."""

    gaps: Collection[DateGap]
    computed: Mapping[str, Computed]


def find_word_facts(table: MixedTable, plain: MixedTable, around: Around, streams: Streams) -> WordFacts:
    """Return the facts of a table by the words of its learned columns; ``plain`` are those put back first."""
    words = _words(plain)
    numbers = {name: one for name, column in plain.columns.items() if (one := as_numbers(column)) is not None}
    constants = tuple(_constants(words, numbers))
    identities = tuple(_identities(words, plain, {one.target for one in constants}, streams))
    fixed = {(one.word, one.source, one.target) for one in constants}
    fixed |= {(one.word, one.source, one.rule.target) for one in identities}
    ranges = tuple(
        one for one in _ranges(words, numbers, plain) if (one.word, one.source, one.target) not in fixed
    )
    learned = [name for name, one in around.computed.items() if isinstance(one.rule, Learned)]
    made = {name: one for name in learned if (one := as_numbers(table[name])) is not None}
    later = tuple(_constants(words, made))
    fixed |= {(one.word, one.source, one.target) for one in later}
    parts = tuple(
        one for one in _parts(words, table, around) if (one.word, one.source, one.target) not in fixed
    )
    return WordFacts(
        constants,
        ranges,
        identities,
        tuple(_dates(words, table, plain, around)),
        later,
        parts,
        tuple(_same(words, table, around, later)),
        fills=tuple(_fills(words, plain)),
        grids=tuple(one for one in _grids(words, plain) if (one.word, one.source, one.target) not in fixed),
    )


def _words(table: MixedTable) -> list[_Word]:
    """Return the words that have rows enough, with these, the commonest first."""
    found = []
    for name, column in table.columns.items():
        if column.kind != WORD or not 2 <= len(np.unique(column.values[column.values >= 0])) <= MOST_WORDS:
            continue
        for code, word in enumerate(column.words):
            rows = column.values == code
            if rows.sum() >= FEW_ROWS:
                found.append(_Word(name, word, rows))
    return sorted(found, key=lambda one: -int(one.rows.sum()))


def _constants(words: list[_Word], numbers: Mapping[str, Float1D]) -> Iterator[WordConstant]:
    known: set[tuple[str, str, float]] = set()
    for one in words:
        for target, values in numbers.items():
            there = ~np.isnan(values)
            mine, rest = values[one.rows & there], values[~one.rows & there]
            if len(mine) < FEW_ROWS or not len(rest):
                continue
            found, counts = np.unique(mine, return_counts=True)
            cell = found[counts.argmax()]
            beyond = len(mine) * (rest != cell).mean()
            fact = (one.source, target, float(cell))
            is_known = fact in known and beyond >= FEW_EXPECTED
            is_told = len(mine) >= LEAST_ROWS and beyond >= EXPECTED
            if counts.max() >= LEAST_CONSTANT * len(mine) and (is_told or is_known):
                known |= {fact} if is_told else set()
                yield WordConstant(one.source, one.word, target, float(cell))


def _ranges(words: list[_Word], numbers: Mapping[str, Float1D], table: MixedTable) -> Iterator[WordRange]:
    for target, values in numbers.items():
        for one, span in _spans(words, values):
            mine = values[one.rows & ~np.isnan(values)]
            step = number_step(table[target])
            grid = grain_of(*np.unique(mine, return_counts=True), step).size or step
            quantiles = np.quantile(mine, np.linspace(0.0, 1.0, QUANTILES))
            yield WordRange(one.source, one.word, target, *span, tuple(map(float, quantiles)), grid)


def _fills(words: list[_Word], plain: MixedTable) -> Iterator[WordFill]:
    """Yield words whose rows never lack a number or a word that others do, beyond chance."""
    for target, column in plain.columns.items():
        lacks = column.missing()
        if column.kind not in (NUMBER, WORD) or not lacks.any():
            continue
        for one in words:
            rows = one.rows
            if one.source == target or lacks[rows].any() or rows.sum() * lacks[~rows].mean() < EXPECTED:
                continue
            mine = column.values[rows]
            if column.kind == NUMBER:
                cells = np.quantile(mine, np.linspace(0.0, 1.0, QUANTILES)).tolist()
            else:
                often = np.bincount(mine, minlength=len(column.words)) >= FEW_ROWS
                some = np.sort(mine[often[mine]])
                places = np.round(np.linspace(0, max(len(some) - 1, 0), QUANTILES)).astype(np.int64)
                cells = [column.words[code] for code in some[places]] if len(some) else []
            if cells:
                yield WordFill(one.source, one.word, target, tuple(cells))


def _grids(words: list[_Word], plain: MixedTable) -> Iterator[WordGrid]:
    """Yield words whose numbers lie on a wider grid than those of others, each the widest."""
    for target, column in plain.columns.items():
        if column.kind != NUMBER or column.step <= 0.0:
            continue
        units = np.round(column.values / column.step)
        there = ~np.isnan(units)
        known: set[str] = set()
        for one in words:
            mine = units[one.rows & there]
            if len(mine) < GRID_ROWS or known - {one.source} or len(np.unique(mine)) < GRID_VALUES:
                continue
            found, counts = np.unique(mine, return_counts=True)
            usual = found[counts.argmax()]
            size = next((size for size in GRIDS if ((mine - usual) % size == 0).mean() >= LEAST_ON), 0)
            if size and ((units[there] - usual) % size == 0).mean() <= MOST_ON:
                known.add(one.source)
                offset = float(usual % size) * column.step
                yield WordGrid(one.source, one.word, target, size * column.step, offset)


def _same(
    words: list[_Word], table: MixedTable, around: Around, later: Collection[WordConstant]
) -> Iterator[WordIdentity]:
    """Yield words whose rows have an amount that is learned by part equal to another one, and what it is.

    Rows of words that it is constant for stand aside: what is repaid is owed no more.
    """
    for target, computed in around.computed.items():
        if not isinstance(computed.rule, Plan | Schedule | Portion):
            continue
        values = as_numbers(table[target])
        assert values is not None
        constant = {(one.source, one.word) for one in later if one.target == target}
        aside = np.any([one.rows for one in words if (one.source, one.word) in constant]
                       + [np.isnan(values)], axis=0)  # fmt: skip
        for one in words:
            rows = one.rows & ~aside
            for operand in computed.rule.operands[1:]:
                other = as_numbers(table[operand])
                if other is None or rows.sum() < LEAST_ROWS or (one.source, one.word) in constant:
                    continue
                is_same = values == other
                if is_same[rows].mean() < LEAST_IDENTITY or len(np.unique(other[rows])) < LEAST_ROWS // 2:
                    continue
                rest = ~one.rows & ~aside
                if rows.sum() * (~is_same[rest]).mean() >= EXPECTED if rest.any() else False:
                    yield WordIdentity(one.source, one.word, Identity(SCALE, target, (operand,), (1.0,)))
                    break


def _parts(words: list[_Word], table: MixedTable, around: Around) -> Iterator[WordRange]:
    """Yield the words of which an amount that is a part of another one is never as little as of others."""
    for target, computed in around.computed.items():
        rule = computed.rule
        if not isinstance(rule, Plan | Schedule | Portion) or (
            isinstance(rule, Portion) and len(rule.operands) > 2
        ):
            continue
        of = rule.operands[1]
        values, most = as_numbers(table[target]), as_numbers(table[of])
        if values is None or most is None:
            continue
        for one, span in _spans(words, values):
            mine = one.rows & (values > 0) & (most > 0)
            if span[0] <= 0.0 or not mine.any():
                continue
            quantiles = np.quantile(values[mine] / most[mine], np.linspace(0.0, 1.0, QUANTILES))
            high, step = float(np.nanmax(values)), number_step(table[target])
            low = span[0]
            if _is_by_dates(rule, table, mine):
                # Dates that were not seen together say less, or more, than was ever seen.
                low, high = min(step, low), max(high, float(np.nanmax(most)))
            yield WordRange(one.source, one.word, target, low, high, tuple(map(float, quantiles)), step, of)


def _is_by_dates(rule: Learned, table: MixedTable, rows: Bool1D) -> bool:
    """Tell whether dates say what is left of a loan in nearly all of some rows: no payment is behind."""
    if not isinstance(rule, Plan) or not rule.is_behind():
        return False
    numbers = {name: as_numbers(table[name]) for name in (rule.target, *rule.operands[1:])}
    behind = rule.learned({name: one for name, one in numbers.items() if one is not None})[rows]
    return bool((behind == 0).mean() >= LEAST_BY_DATES)


def _spans(words: list[_Word], values: Float1D) -> Iterator[tuple[_Word, tuple[float, float]]]:
    """Yield words with their least and greatest number, where rows of others are beyond one of them.

    Of a word of few rows only a bound that a commoner word of its column has counts, and the wider of both.
    """
    there = ~np.isnan(values)
    if not there.any():
        return
    ends = float(values[there].min()), float(values[there].max())
    known: dict[tuple[str, bool], float] = {}
    for one in words:
        mine, rest = values[one.rows & there], values[~one.rows & there]
        if len(mine) < FEW_ROWS or not len(rest) or mine.min() == mine.max():
            continue
        span = list(ends)
        for is_high, bound in ((False, float(mine.min())), (True, float(mine.max()))):
            key, sign = (one.source, is_high), 1.0 if is_high else -1.0
            beyond = len(mine) * (sign * rest > sign * bound).mean()
            if len(mine) >= LEAST_ROWS and beyond >= EXPECTED:
                span[is_high] = bound
                known[key] = sign * max(sign * bound, sign * known.get(key, bound))
            elif key in known:
                wider = sign * max(sign * bound, sign * known[key])
                if len(mine) * (sign * rest > sign * wider).mean() >= FEW_EXPECTED:
                    span[is_high] = wider
        if tuple(span) != ends:
            yield one, (span[0], span[1])


def _identities(
    words: list[_Word], plain: MixedTable, constant: set[str], streams: Streams
) -> Iterator[WordIdentity]:
    """Yield rules of the rows of a word, none of which computes what another one of the word reads."""
    numbers = plain.without(*(name for name, one in plain.columns.items() if as_numbers(one) is None))
    numbers = numbers.without(*(constant & set(numbers.columns)))
    if len(numbers.columns) < 2:
        return
    for one in words[:MOST_LOOKED]:
        rows = np.flatnonzero(one.rows)
        if len(rows) < LEAST_ROWS:
            continue
        rng = streams.at("identities of a word", one.source, one.word)
        some = numbers.take(np.sort(rng.permutation(rows)[:SOME_ROWS]))
        made: set[str] = set()
        read: set[str] = set()
        for _, rule in find_identities(some, rng, LEAST_IDENTITY):
            if rule.target not in made | read and not made & set(rule.operands):
                made.add(rule.target)
                read |= set(rule.operands)
                yield WordIdentity(one.source, one.word, rule)


def _dates(words: list[_Word], table: MixedTable, plain: MixedTable, around: Around) -> Iterator[WordDate]:
    """Yield dates after others that keep to days of their own in rows of a word."""
    ways = [(gap.target, gap.source, "", int(gap.is_months), gap.ends) for gap in around.gaps]
    for name, computed in around.computed.items():
        rule = computed.rule
        if isinstance(rule, MonthDate) and set(rule.operands) <= set(plain.columns):
            ways.append((name, rule.operands[0], rule.operands[1], rule.months, rule.ends))
    gaps = {gap.target: gap for gap in around.gaps}
    for target, start, count, months, ends in ways:
        days, begin = as_numbers(table[target]), as_numbers(table[start])
        if days is None or begin is None:
            continue
        between = table[count].values if count else gaps[target].counted(begin, days)
        for one, span in _spans(words, days):
            mine = between[one.rows & ~np.isnan(between) & ~np.isnan(days)]
            quantiles = np.round(np.quantile(mine, np.linspace(0.0, 1.0, QUANTILES)))
            yield WordDate(one.source, one.word, target, start, count, months, ends, *span,
                           tuple(map(float, quantiles)))  # fmt: skip
