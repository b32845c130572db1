"""k-map: synthetic rows whose quasi-identifiers fit one to four real people."""

from __future__ import annotations

from finsim.evaluation.attacks.intervals import clopper_pearson
from finsim.evaluation.attacks.quasi_identifiers import quasi_cells
from finsim.evaluation.metric import PASS, SHARE, WARN, Metric, Score
from finsim.evaluation.tables.table_case import TableCase

K = 5


def measure(case: TableCase) -> list[Score]:
    """Return one score for the policy form: share of synthetic rows with k below 5, and the smallest k.

    k of a row is the number of real people (rows without an entity column) with the same quasi-identifiers;
    rows that fit nobody are not counted.
    """
    cells = quasi_cells(case)
    if cells is None:
        return [METRIC.missing("quasi-identifiers", "no column of people's groups is declared: give --group")]
    subject = ", ".join(cells.names)
    found = cells.matches(cells.own, case.entity_real)
    few = (found > 0) & (found < K)
    count, n = int(few.sum()), len(found)
    fitting = found[found > 0]
    value, goal = count / n, METRIC.delta
    floor = None
    if cells.spare is not None and len(cells.spare):
        held = cells.matches(cells.spare, case.entity_real)
        floor = float(((held > 0) & (held < K)).mean())
    verdict, reason = PASS, ""
    if value > goal:
        verdict, reason = WARN, f"{value:.2%} of the rows fit one to four real people, more than {goal:.0%}"
    least = f"k_min {int(fitting.min())}" if len(fitting) else "no row fits a real person"
    note = (
        f"{least}; {count:,} of {n:,} rows with k < {K}; {int((found == 0).sum()):,} fit nobody; unit: "
        + ("row" if case.entity_real is None else f"{case.roles.id}")
    )
    interval = clopper_pearson(count, n)
    return [METRIC.scored(subject, value, interval, n, (floor, 1.0, goal), (verdict, reason), note)]


METRIC = Metric(
    name="k_map",
    case="table",
    use=SHARE,
    unit="share of rows",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.05,
    origin="k of 5 is what release policies ask for; that 5 % of rows may fall below it is an assumption",
    order_free=True,
    compute=measure,
    summary="Rows whose quasi-identifiers fit fewer than five real people",
    order=570,
    how=(
        "For each synthetic row the number k of real people with the same quasi-identifiers (the group "
        "columns; numbers in tenths). A figure for release forms: it is no attack, and it warns at most."
    ),
    misses="Everything outside the declared columns; that a row fits somebody does not make it theirs.",
    estimator="share of rows with 0 < k < 5, Clopper-Pearson; the floor are held-out rows",
    references="held-out rows / 1",
)
