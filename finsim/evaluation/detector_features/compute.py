"""``features``: narrative features of payments for detectors, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from finsim.call_errors import public
from finsim.evaluation.detector_features.definitions import FEATURES, GROUPS, OF_RECEIPTS, checked_groups
from finsim.evaluation.detector_features.graph import write_graph
from finsim.evaluation.detector_features.history import link_rows, write_history
from finsim.evaluation.detector_features.marked import write_first_transfers, write_purchases
from finsim.evaluation.detector_features.matrix import FeatureMatrix
from finsim.evaluation.detector_features.raw import is_purchase, write_raw
from finsim.evaluation.detector_features.reading import PaymentRows, SchemaSource, read_payments


@public
def features(
    transactions: Any,
    *,
    groups: Sequence[str] | str = GROUPS,
    accounts: Any = None,
    schema: SchemaSource = None,
    csv: str | None = None,
) -> pd.DataFrame:
    """Return what is known of each payment before it is made, as columns for a fraud or AML detector.

    A row sees itself (not its status) and rows of strictly earlier time; rows of one time do not see each
    other. No label is read. Declined rows count only in ``*_declined_1d``.

    Args:
        transactions: ``Transactions``, or a table or path with the columns ts, from_account, to_account (or
            merchant_id alone, which is then who is paid) and amount; optional are tx_id, status, channel,
            category, merchant_id, from_bank, to_bank, from_balance_after and to_balance_after. Whole numbers
            of money are minor units, and units in CSV.
        groups: of raw, history and graph.
        accounts: a table with account_id and, optionally, kind, opened and overdraft_limit; that of
            ``Transactions`` when left out.
        schema: how a table with other names is read; columns are found by their role, else by name.
        csv: how its text is written, such as ``sep=;,decimal=,``.

    Returns:
        float32[n, F] in row order with ``tx_id`` as index; NaN where nothing is known, columns left out
        whose input is missing: in a table of cards at merchants, where nobody both pays and is paid, also
        what receipts of the payer tell. An input without a value in any row is missing.
        ``attrs["features"]`` holds the definition of each column, ``attrs["left_out"]`` which columns are
        left out, and the input that they lack.

    Raises:
        DataError: for a table that cannot be used. StudyError: for an unknown group.

    Example:
        >>> import finsim
        >>> found = finsim.features(finsim.simulate(accounts=200, days=5, progress=False), groups="graph")
        >>> found.attrs["features"]["payer_fan_out_7d"]
        'Different accounts the payer paid'

    """
    chosen = checked_groups(groups)
    rows = read_payments(transactions, accounts, schema, csv)
    columns = [one for one in FEATURES if one.group in chosen and rows.has(one.needs)]
    matrix = FeatureMatrix.empty(len(rows.time), columns)
    if "raw" in chosen:
        write_raw(rows, matrix)
    if "history" in chosen or "graph" in chosen:
        links = link_rows(rows)
        if "history" in chosen:
            write_history(rows, links, matrix)
            write_purchases(rows, links, matrix)
        if "graph" in chosen:
            write_graph(rows, links, matrix)
            write_first_transfers(rows, links, matrix)
    values = matrix.values
    if not np.array_equal(rows.order, np.arange(len(rows.order))):
        values = np.empty_like(values)
        values[rows.order] = matrix.values
    if len(values) and rows.is_one_way and is_purchase(rows).all():
        known = [
            at for at, one in enumerate(columns)
            if one.name not in OF_RECEIPTS or not np.isnan(values[:, at]).all()
        ]  # fmt: skip
        values, columns = values[:, known], [columns[at] for at in known]
    frame = pd.DataFrame(values, index=rows.index, columns=[one.name for one in columns], copy=False)
    frame.attrs["features"] = {one.name: one.definition for one in columns}
    frame.attrs["left_out"] = _left_out(rows, chosen, frame)
    return frame


def _left_out(rows: PaymentRows, chosen: Sequence[str], frame: pd.DataFrame) -> dict[str, str]:
    """Return each feature of the chosen groups that is not there, with the input that it lacks."""
    return {
        one.name: f"no {' and '.join(need for need in one.needs if not rows.has((need,))) or 'receipts'}"
        for one in FEATURES
        if one.group in chosen and one.name not in frame.columns
    }
