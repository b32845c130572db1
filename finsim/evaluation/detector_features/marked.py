"""Purchases against the payer's habit, and first transfers and how they are passed on."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.evaluation.detector_features.definitions import CHAIN_DAYS, SIDES
from finsim.evaluation.detector_features.graph import edges_of, of_row
from finsim.evaluation.detector_features.history import Links, known_of
from finsim.evaluation.detector_features.marked_definitions import LEAST_RATE, MARKS, MEASURES, SPANS
from finsim.evaluation.detector_features.matrix import FeatureMatrix
from finsim.evaluation.detector_features.raw import is_purchase, word_codes
from finsim.evaluation.detector_features.reading import PaymentRows
from finsim.kernels.payments.account_history import HOUR, SMALL
from finsim.kernels.payments.graph import IS_EDGE, LEAST_PASSED, MOST_PASSED, chain_depths
from finsim.kernels.payments.marked_windows import last_received, marked_windows
from finsim.kernels.payments.pairs import NONE
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Float1D, Int1D, Int2D


def write_purchases(rows: PaymentRows, links: Links, matrix: FeatureMatrix) -> None:
    """Write what a payer's purchases and ways of paying were before: the last columns of ``history``."""
    _write_shares(rows, matrix)
    if not rows.has(("merchant_id",)):
        return
    shop = is_purchase(rows)
    is_new = known_of(rows, links.pair, links.pair, links.pairs)[:, 0] == 0
    marks = {"purchase": shop, "new_shop": shop & is_new, "small": shop & (rows.amount <= SMALL)}
    marks["online"] = shop & _of_channel(rows, "card_not_present")
    _write_measures(rows, links, "history", marks, matrix)
    bought, hours = (
        matrix.column("payer_purchases"),
        known_of(rows, rows.payer, rows.payer, rows.accounts)[:, 2],
    )
    rate = bought / np.fmax(hours / np.float32(24), np.float32(1))
    matrix.column("payer_purchases_per_day")[:] = rate
    matrix.column("payer_purchase_burst_1d")[:] = matrix.column("payer_purchases_1d") / (rate + LEAST_RATE)
    matrix.column("payer_new_shop_share")[:] = _over(matrix.column("payer_new_shops"), bought)
    usual = _over(matrix.column("payer_purchase_sum"), bought)
    matrix.column("payer_purchase_ratio")[:] = np.where(shop, _over(rows.amount, usual), np.nan)


def write_first_transfers(rows: PaymentRows, links: Links, matrix: FeatureMatrix) -> None:
    """Write how money of first transfers and cash runs through the payer: the last columns of ``graph``.

    A first transfer is the first posted payment of one account to another, to no shop and not in cash.
    """
    edges, before = edges_of(rows, links)
    cash = _of_channel(rows, "cash")
    edges[:, IS_EDGE] &= ~(is_purchase(rows) | cash)
    first = (edges[:, IS_EDGE] == 1) & (before == NONE)
    last = np.empty((len(first), 2), np.int64)
    latest = np.full(rows.accounts, NONE, np.int64)
    last_received(rows.time, rows.payer, rows.payee, first, latest, last)
    depth = np.zeros(len(first), np.int64)
    chain_depths(edges, last, CHAIN_DAYS * NANOS_PER_DAY, depth)
    marks = {"first": first, "passed": first & (depth > 1), "cash": cash}
    _write_measures(rows, links, "graph", marks, matrix)
    for span in ("1d", "3d"):
        received, sent = (matrix.column(f"payer_first_{way}_sum_{span}") for way in ("in", "out"))
        matrix.column(f"amount_to_first_in_{span}")[:] = _over(rows.amount, received)
        matrix.column(f"passed_on_{span}")[:] = _over(rows.amount + sent.astype(np.float64), received)
    received = matrix.column("payee_first_in_sum_7d")
    matrix.column("payee_amount_to_first_in_7d")[:] = _over(rows.amount, received)
    matrix.column("payee_first_pass_7d")[:] = _over(matrix.column("payee_first_out_sum_7d"), received)
    for place, side in enumerate(SIDES):
        matrix.column(f"{side}_hours_since_first_in")[:] = _since(rows.time, last[:, place]) / HOUR
    _write_upstream(rows, links, last[:, 0], depth, matrix)


def _write_upstream(
    rows: PaymentRows, links: Links, last: Int1D, depth: Int1D, matrix: FeatureMatrix
) -> None:
    """Write what is known of the first transfer that the payer received last, and the chain it began."""
    share = _over(rows.amount, of_row(rows.amount, last))
    matrix.column("amount_to_last_first_in")[:] = share
    goes_on = (
        (_since(rows.time, last) < CHAIN_DAYS * NANOS_PER_DAY)
        & (share >= LEAST_PASSED)
        & (share <= MOST_PASSED)
    )
    links_before = np.where(goes_on, of_row(depth, last, 0.0), 0.0)
    is_new = known_of(rows, links.pair, links.pair, links.pairs)[:, 0] == 0
    starts = is_new & (rows.payer != rows.payee) & ~is_purchase(rows) & ~_of_channel(rows, "cash")
    matrix.column("first_chain_depth")[:] = np.where(starts, 1.0 + links_before, 0.0)
    for name, column in (("passed_on_3d", "passed_on_3d"), ("first_out_7d", "payer_first_out_7d")):
        matrix.column(f"upstream_{name}")[:] = of_row(matrix.column(column), last)


def _write_measures(
    rows: PaymentRows, links: Links, group: str, marks: dict[str, Bool1D], matrix: FeatureMatrix
) -> None:
    """Write the columns of ``MEASURES`` of one group that the matrix has."""
    mine = [one for one in MEASURES if one.group == group and matrix.has(one.name)]
    spans = [span for span in SPANS if any(one.window == span for one in mine)]
    words = [mark for mark in MARKS if mark in marks]
    facts: Int2D = np.zeros((len(rows.time), 3), np.int64)
    facts[:, 0], facts[:, 1] = rows.time, rows.amount
    for place, mark in enumerate(words):
        facts[:, 2] |= (marks[mark] & rows.posted).astype(np.int64) << place
    wanted = np.array(
        [
            (
                SIDES.index(one.side),
                words.index(one.mark),
                int(one.way == "in"),
                spans.index(one.window),
                one.is_money,
            )
            for one in mine
        ],
        np.int64,
    )
    widths = np.array([SPANS[span] for span in spans], np.int64)
    block = matrix.block(mine[0].name, mine[-1].name)
    marked_windows(facts, len(words), links.start, links.event, widths, wanted, block)


def _write_shares(rows: PaymentRows, matrix: FeatureMatrix) -> None:
    """Write how often the payer paid by this channel, and in this category."""
    sent = matrix.column("payer_out_count")
    if matrix.has("payer_channel_share"):
        matrix.column("payer_channel_share")[:] = _over(matrix.column("payer_channel_count"), sent)
    if matrix.has("payer_category_count"):
        _, word = np.unique(word_codes(rows.others["category"], ()), return_inverse=True)
        many = int(word.max(initial=0)) + 1
        key = rows.payer * many + word
        matrix.column("payer_category_count")[:] = known_of(rows, key, key, rows.accounts * many)[:, 0]
        matrix.column("payer_category_share")[:] = _over(matrix.column("payer_category_count"), sent)


def _of_channel(rows: PaymentRows, word: str) -> Bool1D:
    """Return which rows were paid over a channel; none where the input does not say."""
    if not rows.has(("channel",)):
        return np.zeros(len(rows.time), bool)
    found = pc.fill_null(pc.equal(pc.cast(rows.others["channel"], pa.string()), word), False)
    return np.asarray(found.to_numpy(), dtype=bool)


def _since(time: Int1D, row: Int1D) -> Float1D:
    """Return the nanoseconds since another row, NaN where there is none (-1)."""
    passed = time - time[np.where(row == NONE, 0, row)] if len(time) else time
    return np.where(row == NONE, np.nan, passed)


def _over(above: Array, below: Array) -> Array:
    """Return a ratio, NaN where the lower part is not above 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / np.asarray(below, np.float64), np.nan)
