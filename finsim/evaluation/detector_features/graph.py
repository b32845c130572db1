"""How the payment lies in the graph of earlier ones: degrees, fans, passing on, chains, cycles."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.detector_features.definitions import CHAIN_DAYS, SIDES, SPANS, WINDOWS
from finsim.evaluation.detector_features.history import Links, known_of
from finsim.evaluation.detector_features.matrix import FeatureMatrix
from finsim.evaluation.detector_features.reading import PaymentRows
from finsim.kernels.payments.graph import Table, account_graph, chain_depths, edge_facts, triangles
from finsim.kernels.payments.pairs import NONE, link_pairs
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Int1D, Int2D


def write_graph(rows: PaymentRows, links: Links, matrix: FeatureMatrix) -> None:
    """Write the columns of the group ``graph``."""
    size = len(rows.time)
    edges, before = edges_of(rows, links)
    last_in, earlier_in = np.empty((size, 2), np.int64), np.full(size, NONE, np.int64)
    widths = np.array([WINDOWS[span] for span in SPANS], np.int64)
    block = matrix.block(f"{SIDES[0]}_out_degree", f"{SIDES[1]}_amount_to_inflow_{SPANS[-1]}")
    account_graph(edges, links.start, links.event, widths, block, last_in, earlier_in)
    depth = np.zeros(size, np.int64)
    chain_depths(edges, last_in, CHAIN_DAYS * NANOS_PER_DAY, depth)
    for place, side in enumerate(SIDES):
        matrix.column(f"{side}_chain_depth")[:] = of_row(depth, last_in[:, place], 0.0)
    _write_upstream(rows, before == NONE, last_in[:, 0], matrix)
    known = known_of(rows, links.pair, links.pair, links.pairs)
    matrix.column("edge_hours")[:] = known[:, 2]
    known = known_of(rows, links.reverse, links.pair, links.pairs)
    matrix.column("reverse_count")[:] = known[:, 0]
    matrix.column("reverse_hours_since")[:] = known[:, 1]
    sides, earlier = np.stack([rows.payer, rows.payee], axis=1), np.stack([earlier_in, before], axis=1)
    table = Table(rows.accounts, links.pairs, links.keys, links.codes)
    triangles(edges, sides, last_in, earlier, table, WINDOWS["7d"], matrix.column("cycle_3_7d"))


def edges_of(rows: PaymentRows, links: Links) -> tuple[Int2D, Int1D]:
    """Return the facts of each row in the graph (``edge_facts``), and the edge before in its pair (-1)."""
    size, is_edge = len(rows.time), rows.posted & (rows.payer != rows.payee)
    before, after = np.full(size, NONE, np.int64), np.full(size, NONE, np.int64)
    link_pairs(links.pair, is_edge, np.full(links.pairs, NONE, np.int64), before, after)
    facts = np.empty((size, 5), np.int64)
    edge_facts(rows.time, rows.amount, is_edge, before, after, facts)
    return facts, before


def of_row(values: Array, row: Array, otherwise: float = np.nan) -> Array:
    """Return the values of other rows, and ``otherwise`` where there is none (-1)."""
    if not len(values):
        return values
    return np.where(row == NONE, otherwise, values[row])


def _write_upstream(rows: PaymentRows, is_new: Bool1D, last_in: Int1D, matrix: FeatureMatrix) -> None:
    """Write what is known of the payment that the payer received last."""
    received = of_row(rows.amount, last_in)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(received > 0, rows.amount / received, np.nan)
    matrix.column("amount_to_last_in")[:] = ratio
    matrix.column("last_in_new")[:] = of_row(is_new, last_in)
    for name in ("new_payees_1d", "new_payers_1d"):
        matrix.column(f"upstream_{name}")[:] = of_row(matrix.column(f"payer_{name}"), last_in)
