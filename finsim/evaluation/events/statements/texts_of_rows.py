"""Whether texts name what their row says: its counterparty, its day, its amount, as real texts do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.events.entity_resamples import EntityWeights, compared, entity_weights, rates_gap
from finsim.evaluation.events.event_case import EventCase, EventSide
from finsim.evaluation.events.statements.running_balances import cells
from finsim.evaluation.metric import DETECTOR, Metric, Score
from finsim.evaluation.tables.column_pairs import CATEGORY, DATE
from finsim.notation import NANOS_PER_DAY, Array, Float2D, Int1D
from finsim.tables.texts.learned_texts import FoundText, found_texts
from finsim.tables.texts.parts import DAY, HOUR, OWN, mark
from finsim.tables.texts.row_cells import MISSING_TIME, RowCells
from finsim.tables.texts.text_law import TextLaw, templated

SUBJECT = "texts"
ENTITY = "\0entity"
RARE = 0.002
"""Share of real rows below which a number of days before the row is an odd one (assumption)."""


def measure(case: EventCase) -> list[Score]:
    """Return the difference of the shares of rows whose text holds a cell of its row, the worst cell."""
    if case.why:
        return [METRIC.missing(SUBJECT, case.why)]
    real = case.sides[0]
    roles = case.rows.roles
    taken = {case.columns.partner, case.columns.channel, roles.label, *roles.secrets}
    names = [one.name for one in case.rows.columns if one.kind == CATEGORY and one.name not in taken]
    rows = _row_cells(case, real)
    found = found_texts(rows, names, case.streams.under("texts of rows"))
    if not found:
        return [METRIC.missing(SUBJECT, "no column of the real rows holds texts made of other cells")]
    weights = entity_weights(case)
    return [_score(case, one, rows, weights) for one in found]


def _score(case: EventCase, found: FoundText, rows: RowCells, weights: EntityWeights) -> Score:
    law, useless = found.law, replace(case.sides[0])
    dealt = case.streams.at("texts of rows", law.column).permutation(rows.rows)
    kept = [k for k, part in enumerate(law.parts) if part.kind not in (HOUR, OWN)]
    columns = list(dict.fromkeys(law.parts[k].column for k in kept))
    known: dict[int, tuple[Array, ...]] = {}

    def held(side: EventSide) -> tuple[Array, ...]:
        if id(side) not in known:
            mine = rows if side is useless else _row_cells(case, side)
            if side is useless:
                codes, words = rows.words[law.column]
                mine = replace(rows, words={**rows.words, law.column: (codes[dealt], words)})
            known[id(side)] = _held(law, columns, kept, mine)
        return known[id(side)]

    def counts(side: EventSide) -> Float2D:
        entity, count = side.sequences.entity(), side.sequences.count
        sums = [np.bincount(entity, one.astype(np.float64), count) for one in held(side)]
        return np.stack(sums, axis=1)

    shares = [_rates(held(side)) for side in case.sides[:2]]
    worst = int(np.argmax(np.abs(np.array(shares[0]) - np.array(shares[1]))))
    said = f"in {shares[0][worst]:.1%} of real texts, {shares[1][worst]:.1%} of synthetic ones"
    note = f"{columns[worst]}: {said}"
    return compared(METRIC, case, weights, law.column, counts, rates_gap, [useless], note)


def _held(law: TextLaw, columns: list[str], kept: list[int], rows: RowCells) -> tuple[Array, ...]:
    """Return bool[n] for each column: rows whose text holds its cell, then, for each, rows that could.

    Any text could name a counterparty; a day is asked of those that hold one.
    """
    found = templated(law.parts, law.column, rows)
    codes, words = rows.words[law.column]
    by_column = {name: np.zeros(rows.rows, np.bool_) for name in columns}
    could = dict.fromkeys(columns, codes >= 0)
    for k in kept:
        part = law.parts[k]
        if part.kind != DAY:
            sign = mark(k)
            by_column[part.column] |= np.array([text is not None and sign in text for text in found.texts])
            continue
        regex = part.form.regex()
        dated = np.array([regex.search(word) is not None for word in words] + [False])[codes]
        first = not any(law.parts[j].column == part.column for j in kept[: kept.index(k)])
        could[part.column] = dated if first else could[part.column] | dated
    usual = {k: _usual(law, k) for k in kept}
    for row, k, _, lag in found.lags:
        if lag in usual[k]:
            by_column[law.parts[k].column][row] = True
    return *by_column.values(), *could.values()


def _rates(held: tuple[Array, ...]) -> list[float]:
    half = len(held) // 2
    return [
        float(one.sum()) / max(float(base.sum()), 1.0)
        for one, base in zip(held[:half], held[half:], strict=True)
    ]


def _usual(law: TextLaw, part: int) -> set[int]:
    """Return the days before the row that real texts have, odd ones left out."""
    counts = law.lags.get(("", part, -1), {})
    total = sum(counts.values())
    return {lag for lag, many in counts.items() if many >= RARE * total}


def _row_cells(case: EventCase, side: EventSide) -> RowCells:
    """Return the cells of the rows of a side in the order of its sequences."""
    order = side.sequences.order
    words: dict[str, tuple[Int1D, tuple[str, ...]]] = {}
    numbers, times = {}, {}
    for one in case.rows.columns:
        values = cells(case, one, side)[order]
        if one.kind == CATEGORY:
            words[one.name] = values.astype(np.int64), one.levels
        elif one.kind == DATE:
            lacks = np.isnan(values)
            nanos = np.round(np.nan_to_num(values) * (NANOS_PER_DAY / 1e3)).astype(np.int64) * 1_000
            times[one.name] = np.where(lacks, MISSING_TIME, nanos)
        else:
            numbers[one.name] = values.astype(np.float64)
    entity = side.sequences.entity()
    words[ENTITY] = entity, tuple("" for _ in range(side.sequences.count))
    partner = [name for name in (case.columns.partner,) if name in words]
    return RowCells(len(order), words, numbers, times, ENTITY, tuple(str(name) for name in partner))


METRIC = Metric(
    name="texts_of_rows",
    case="events",
    use=DETECTOR,
    unit="share",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.02,
    origin="assumption: one text in fifty that names another counterparty or day than its row",
    order_free=True,
    compute=measure,
    summary="Whether texts name the counterparty and the day of their row",
    order=69,
    how=(
        "Columns of text that hold other cells of their row (names whole or cut, days in any usual form, "
        "amounts): the share of texts that hold the cell of their own row, the column that differs most; "
        "days as many days before the row as real ones lie."
    ),
    misses="Words of texts that stand in no other column, and whose numbers of mandates and cards are.",
    estimator="rate over rows, whole entities resampled",
    references="resampled real entities, or the hold-out / texts dealt to other rows",
)
