"""Recall at fixed alert budgets on later real rows, of a detector trained on synthetic rows."""

from __future__ import annotations

from finsim.evaluation.metric import DETECTOR, HIGHER, Metric, Score
from finsim.evaluation.tables.table_case import TableCase
from finsim.evaluation.utility.alerts import alert_scores
from finsim.evaluation.utility.label_rows import MOST_ROWS, label_split


def measure(case: TableCase) -> list[Score]:
    """Return the recall at each alert budget; nothing where no label is given."""
    if case.roles.label is None:
        return []
    if case.column(case.roles.time) is None:
        return [METRIC.missing("recall of alerts", "no time column on both sides (--time)")]
    split = label_split(case, MOST_ROWS, by_time=True)
    if isinstance(split, str):
        return [METRIC.missing("recall of alerts", split)]
    return alert_scores(METRIC, split, case.streams, case.settings)


METRIC = Metric(
    name="alert_recall",
    case="table",
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
    summary="Recall at fixed alert budgets on later real rows",
    order=830,
    how=(
        "Boosted trees learn the label on synthetic rows and rank the latest real rows (or the hold-out); "
        "the highest share named by the budget is alerted. The floor is the same trees trained on the "
        "earlier real rows."
    ),
    misses="The rows alone are seen, without history; for rows of entities see event_alert_recall.",
    estimator=(
        "recall at alert budgets of .1, .5 and 1 % of all rows, bootstrap over the same test entities; no "
        "power where a budget alerts fewer than 5 rows"
    ),
    references="trained on earlier real rows / on shuffled labels",
)
