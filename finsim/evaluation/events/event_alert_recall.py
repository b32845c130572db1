"""Recall at fixed alert budgets on later real rows, of a detector that sees the history of the entity."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.events.event_case import EventCase
from finsim.evaluation.events.event_features import SIDES, event_features
from finsim.evaluation.metric import DETECTOR, HIGHER, Metric, Score
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.utility.alerts import alert_scores
from finsim.evaluation.utility.label_rows import (
    LEAST,
    MOST_ROWS,
    TEST_SHARE,
    LabelRows,
    LabelSplit,
    is_positive,
    judged_classes,
    known,
    split_refusal,
    thinned,
    without_giveaways,
)


def measure(case: EventCase) -> list[Score]:
    """Return the recall at each alert budget; nothing where no label is given."""
    if case.rows.roles.label is None:
        return []
    pair = case.rows.column(case.rows.roles.label)
    why = case.why or split_refusal(case.rows, pair)
    if not why and not np.isfinite(case.sides[0].sequences.days).all():
        why = "real rows without a time cannot be split by time"
    if why or pair is None:
        return [METRIC.missing("recall of alerts", why)]
    split = _split(case, pair)
    if isinstance(split, str):
        return [METRIC.missing("recall of alerts", split)]
    return alert_scores(METRIC, split, case.streams, case.settings)


def _split(case: EventCase, pair: ColumnPair) -> LabelSplit | str:
    parts: list[LabelRows] = []
    names: tuple[str, ...] = ()
    days = case.sides[0].sequences.days
    for side, role in zip(case.sides, SIDES, strict=False):
        described = event_features(case, side, role, (pair.name,))
        names = described.names
        values = getattr(pair, role)[side.sequences.order]
        rows = LabelRows(described.values, is_positive(pair, values)[0], described.entity)
        usable = known(pair, values)
        if role == "real" and case.held_out is None:
            late = days > np.quantile(days, 1.0 - TEST_SHARE, method="inverted_cdf")
            parts += [rows.only(usable & ~late), rows.only(usable & late)]
        else:
            parts.append(rows.only(usable))
    told = is_positive(pair, pair.real)[1]
    if case.held_out is None:
        train, test, own = parts
        told += "; tested on the latest 30 % of the real rows"
    else:
        train, own, test = parts
        told += "; tested on the hold-out"
    for name, rows in (("to train on", train), ("to test on", test)):
        if not rows.fits:
            return f"{int(rows.label.sum())} real rows {name} have the label; needs {LEAST}"
    ready = [thinned(case.rows, rows, MOST_ROWS, f"event {k}") for k, rows in enumerate((train, own, test))]
    pooled = len(judged_classes(pair)) > 1
    return without_giveaways(LabelSplit(ready[0], ready[1], ready[2], names, told, pooled))


METRIC = Metric(
    name="event_alert_recall",
    case="events",
    use=DETECTOR,
    unit="share",
    lowest=0.0,
    highest=1.0,
    best=1.0,
    delta=0.1,
    origin="assumption: a tenth of the recall that training on earlier real rows reaches, beyond the noise",
    order_free=False,
    compute=measure,
    direction=HIGHER,
    summary="Recall at fixed alert budgets on later real rows, by the history of the entity",
    order=90,
    how=(
        "Boosted trees learn the label on synthetic rows with what their entity did before, and rank the "
        "latest 30 % of the real rows (or the hold-out); the highest share named by the budget is alerted. "
        "The floor is the same trees trained on the earlier real rows."
    ),
    misses="Rings over several entities; schemes of finsim's own payments have metrics of their own.",
    estimator=(
        "recall at alert budgets of .1, .5 and 1 % of all rows, bootstrap over the same test entities; no "
        "power where a budget alerts fewer than 5 rows"
    ),
    references="trained on earlier real rows / on shuffled labels",
)
