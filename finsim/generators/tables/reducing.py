"""What of a table needs no model: constants, keys, rules between columns, and cells that say others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.reduction.arithmetic.cases import Cases
from finsim.generators.tables.reduction.arithmetic.compounded import find_compounded
from finsim.generators.tables.reduction.arithmetic.day_counts import others_cells
from finsim.generators.tables.reduction.arithmetic.find_cases import find_cases
from finsim.generators.tables.reduction.arithmetic.learned_ratios import agreed_ratio
from finsim.generators.tables.reduction.by_word.find_word_facts import Around, find_word_facts
from finsim.generators.tables.reduction.by_word.word_facts import WordFacts
from finsim.generators.tables.reduction.by_word.word_rows import rows_of
from finsim.generators.tables.reduction.column_cells import as_numbers, coded, plain_cell
from finsim.generators.tables.reduction.completing import WholeTable
from finsim.generators.tables.reduction.computed import Computed, is_free
from finsim.generators.tables.reduction.dates.date_gaps import DateGap
from finsim.generators.tables.reduction.dates.day_dates import find_day_dates
from finsim.generators.tables.reduction.dates.few_starts import is_told_by_days
from finsim.generators.tables.reduction.dates.find_gaps import find_gaps
from finsim.generators.tables.reduction.dates.fixed_days import FixedDays, find_fixed_days
from finsim.generators.tables.reduction.dates.month_dates import MonthDate, find_bounds, find_month_dates
from finsim.generators.tables.reduction.dates.period_lookups import find_period_lookups
from finsim.generators.tables.reduction.followers import find_followers
from finsim.generators.tables.reduction.identities import RATIO, Identity, find_identities
from finsim.generators.tables.reduction.learned_parts import find_parts
from finsim.generators.tables.reduction.new_keys import NewKey, key_columns
from finsim.generators.tables.reduction.orders import Order, find_orders, grid_of
from finsim.generators.tables.reduction.pair_followers import find_pair_followers
from finsim.generators.tables.reduction.plans import Plan
from finsim.generators.tables.reduction.rare_words import pooled
from finsim.generators.tables.reduction.ties import find_ties
from finsim.generators.tables.reduction.words_of_empty import find_words_of_empty
from finsim.randomness import Streams
from finsim.records.mixed_table import TIME, WORD, MixedColumn, MixedTable

LEAST_COUNT = 5


def reduce(
    table: MixedTable,
    streams: Streams,
    keys: tuple[str, ...] = (),
    least_count: int = LEAST_COUNT,
    outcome: str = "",
    rating: str = "",
) -> tuple[MixedTable, Reduction]:
    """Return a table without the columns that need no model, and what brings them back.

    Left out, in this order: constants and empty columns; keys (``keys``, and those found); exact identities;
    functions of one other column, or of two. ``outcome`` and ``rating`` are learned all the same where they
    are one of the last three. Identities hold where all of their columns are there: empty cells that one
    fills are learned whole, and which are empty beside them. Of what follows a level payment or a count a
    part is learned. What is
    left is loosened: cells that are the same as another column's are missing, dates that come after others
    are days since those. Words of fewer than ``least_count`` rows (assumption: 5) become one. ``streams``
    choose the rows on which identities are looked for. One column at least is left.
    """
    computed = _told(table, keys)
    whole = WholeTable(table, streams.at("empty cells"))
    _identical(computed, table, whole, streams)
    partly = _by_words(computed, whole.table(), streams)
    _following(computed, whole.table(), least_count)
    if len(computed) == len(table.columns):
        computed.pop(next(iter(computed), ""), None)
    whole.fill_dates([name for name in table.columns if name not in computed])
    full = whole.table()
    learned = _own_cells(computed, full, partly)
    learned |= _by_part(computed, full, outcome, streams.at("payments"))
    _by_period(computed, full, (outcome, rating))
    learned |= _by_ratio(computed, full, (outcome, rating), streams)
    kept = {name for name in (outcome, rating) if name in computed and computed[name].sources()}
    rest = full.without(*(name for name in computed if name not in kept))
    gaps = tuple(find_gaps(rest))
    plain = rest.without(*(gap.target for gap in gaps))
    ties, orders = tuple(find_ties(plain)), tuple(find_orders(plain))
    pools = {}
    columns = {}
    for name, column in rest.columns.items():
        columns[name] = column
        if column.kind == WORD:
            columns[name], pools[name] = pooled(column, least_count)
    for tie in ties:
        columns |= tie.loosened(rest.columns)
    for gap in gaps:
        columns |= gap.loosened(rest.columns)
    words = {name: word for name, word in pools.items() if word}
    by_word = find_word_facts(full, plain, Around(gaps, computed), streams)
    learned |= _not_behind(computed, full, learned, by_word)
    flags, empty = whole.flags()
    return MixedTable(columns | learned | flags, table.rows), Reduction(
        tuple(table.columns), computed, words, ties, gaps, outcome if outcome in kept else "", orders,
        tuple(find_bounds(full, gaps)), empty, *_ranges(table, gaps),
        tuple(find_words_of_empty(table.without(*_keys(computed)))), _fixed(plain),
        by_word, _later(full, plain, computed),
        tuple(name for name, column in table.columns.items() if column.missing().any()),
    )  # fmt: skip


def _told(table: MixedTable, keys: tuple[str, ...]) -> dict[str, Computed]:
    """Return the columns that no other one is needed for: constants and keys."""
    computed: dict[str, Computed] = {}
    for name, column in table.columns.items():
        if table.rows and len(coded(column)[1]) == 1 and name not in keys:
            computed[name] = Computed.of(column, plain_cell(column, 0))
    for name in key_columns(table, keys):
        if name not in computed:
            computed[name] = Computed.of(table[name], NewKey.of(table[name]))
    return computed


def _keys(computed: dict[str, Computed]) -> list[str]:
    return [name for name, one in computed.items() if isinstance(one.rule, NewKey)]


def _identical(computed: dict[str, Computed], table: MixedTable, whole: WholeTable, streams: Streams) -> None:
    """Leave out dates so many months after others and what is a sum, product, ratio or level payment."""
    left = table.without(*computed)
    rules: list[MonthDate | Identity] = list(find_month_dates(left))
    rules += [rule for _, rule in find_identities(left, streams.at("identities"))]
    rules += [*find_compounded(left), *find_day_dates(left)]
    for rule in rules:
        if is_free(computed, rule.target, rule.operands) and whole.fills(rule):
            computed[rule.target] = Computed.of(table[rule.target], rule)
    whole.settle()


def _by_words(computed: dict[str, Computed], table: MixedTable, streams: Streams) -> list[Cases]:
    """Leave out numbers that all words of a column have rules for; return those that some have one for."""
    left = table.without(*(name for name, one in computed.items() if not one.sources()))
    partly = []
    for cases in find_cases(left, computed, streams):
        if cases.own:
            partly.append(cases)
        elif is_free(computed, cases.target, cases.sources()):
            computed[cases.target] = Computed.of(table[cases.target], cases)
    return partly


def _own_cells(
    computed: dict[str, Computed], table: MixedTable, partly: list[Cases]
) -> dict[str, MixedColumn]:
    """Leave out numbers that some words have rules for; return what is learned for the others."""
    learned = {}
    for cases in partly:
        if is_free(computed, cases.target, cases.sources()):
            computed[cases.target] = Computed.of(table[cases.target], cases)
            learned[cases.own] = others_cells(cases, table)
    return learned


def _by_period(computed: dict[str, Computed], table: MixedTable, kept: tuple[str, ...]) -> None:
    """Leave out numbers that a period of a date tells, alone or with a word."""
    left = table.without(*computed)
    for one in find_period_lookups(left, [name for name in left.columns if name not in kept]):
        if is_free(computed, one.target, one.sources()):
            computed[one.target] = Computed.of(table[one.target], one)


def _by_ratio(
    computed: dict[str, Computed], table: MixedTable, kept: tuple[str, ...], streams: Streams
) -> dict[str, MixedColumn]:
    """Leave out a part of a ratio with atoms or a limit instead of the ratio; return what is learned."""
    learned = {}
    for name, one in list(computed.items()):
        rule = one.rule
        if not isinstance(rule, Identity) or rule.kind != RATIO or set(rule.operands) & {*computed, *kept}:
            continue
        left = table.without(*computed)
        found = agreed_ratio(table, left, rule, streams.at("agreed ratio", name))
        if found is not None and is_free(computed, found.target, found.operands):
            # It comes before what reads either part.
            rest = dict(computed)
            computed.clear()
            computed[found.target] = Computed.of(table[found.target], found)
            computed |= rest
            learned[found.operands[0]] = table[name]
    return learned


def _following(computed: dict[str, Computed], table: MixedTable, least_count: int) -> None:
    """Leave out functions of one column, then of two."""
    left = table.without(*(name for name, one in computed.items() if not one.sources()))
    for one in find_followers(left, least_count):
        if is_free(computed, one.target, (one.source,)) and not is_told_by_days(table, one):
            computed[one.target] = Computed.of(table[one.target], one)
    left = table.without(*computed)
    for pair in find_pair_followers(left, least_count):
        if is_free(computed, pair.target, (pair.first, pair.second)):
            computed[pair.target] = Computed.of(table[pair.target], pair)


def _by_part(
    computed: dict[str, Computed], table: MixedTable, outcome: str, rng: np.random.Generator
) -> dict[str, MixedColumn]:
    """Leave out columns that follow a level payment or a count; return what is learned in their place."""
    annuities = [one.rule for one in computed.values() if isinstance(one.rule, Identity)]
    free = [name for name in table.columns if name not in computed and name != outcome]
    learned = {}
    for rule, column in find_parts(table, free, annuities, rng):
        if is_free(computed, rule.target, rule.operands):
            computed[rule.target] = Computed.of(table[rule.target], rule)
            learned[rule.operands[0]] = column
    return learned


def _not_behind(
    computed: dict[str, Computed], table: MixedTable, learned: dict[str, MixedColumn], facts: WordFacts
) -> dict[str, MixedColumn]:
    """Return payments behind without those of rows whose words say what is owed: their plan is none."""
    found: dict[str, MixedColumn] = {}
    for one in facts.same:
        rule = computed[one.rule.target].rule
        if isinstance(rule, Plan) and rule.is_behind():
            name = rule.operands[0]
            column = found.get(name, learned[name])
            rows = rows_of(table.columns, one.source, one.word)
            found[name] = column.with_values(np.where(rows, 0.0, column.values))
    return found


def _fixed(table: MixedTable) -> tuple[FixedDays, ...]:
    """Return the few days of a month on which dates lie that are learned as they are."""
    days = {name: as_numbers(one) for name, one in table.columns.items() if one.kind == TIME}
    found = [find_fixed_days(name, one) for name, one in days.items() if one is not None]
    return tuple(one for one in found if one is not None)


def _later(table: MixedTable, plain: MixedTable, computed: dict[str, Computed]) -> tuple[Order, ...]:
    """Return the orders of a learned number that no rule reads below one that is computed from others."""
    read = {name for one in computed.values() for name in one.sources()}
    made = {name for name, one in computed.items() if one.sources()}
    found = [
        one for one in find_orders(table) if one.high in made and one.low in plain and one.low not in read
    ]
    return tuple(replace(one, grain=one.grain or grid_of(plain[one.low])) for one in found)


def _ranges(
    table: MixedTable, gaps: tuple[DateGap, ...]
) -> tuple[dict[str, tuple[float, float]], tuple[str, ...]]:
    """Return the lowest and highest number or day of every column that has some, and which have days."""
    numbers = {name: one for name, column in table.columns.items() if (one := as_numbers(column)) is not None}
    days = tuple(name for name in numbers if table[name].kind == TIME)
    numbers |= {one.between(): one.counted(numbers[one.source], numbers[one.target]) for one in gaps}
    known = {name: one[~np.isnan(one)] for name, one in numbers.items()}
    return {name: (float(one.min()), float(one.max())) for name, one in known.items() if len(one)}, days
