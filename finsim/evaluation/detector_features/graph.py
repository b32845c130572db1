"""How the payment lies in the graph of earlier ones: degrees, fans, passing on, chains, cycles."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.detector_features.definitions import CHAIN_DAYS, SIDES, SPANS, WINDOWS
from finsim.evaluation.detector_features.history import Links, known_of
from finsim.evaluation.detector_features.matrix import FeatureMatrix
from finsim.evaluation.detector_features.reading import PaymentRows
from finsim.kernels.payments.graph import Edges, Table, account_graph, chain_depths, triangles
from finsim.kernels.payments.pairs import NONE, link_pairs
from finsim.notation import NANOS_PER_DAY, Array


def write_graph(rows: PaymentRows, links: Links, matrix: FeatureMatrix) -> None:
    """Write the columns of the group ``graph``."""
    size = len(rows.time)
    edges = _edges(rows, links)
    last_in, earlier_in = np.empty((size, 2), np.int64), np.full(size, NONE, np.int64)
    widths = np.array([WINDOWS[span] for span in SPANS], np.int64)
    block = matrix.block(f"{SIDES[0]}_out_degree", f"{SIDES[1]}_amount_to_inflow_{SPANS[-1]}")
    account_graph(edges, links.start, links.event, widths, block, last_in, earlier_in)
    depth = np.zeros(size, np.int64)
    chain_depths(edges, last_in, CHAIN_DAYS * NANOS_PER_DAY, depth)
    for place, side in enumerate(SIDES):
        matrix.column(f"{side}_chain_depth")[:] = _of_row(depth, last_in[:, place], 0.0)
    _write_upstream(edges, last_in[:, 0], matrix)
    known = known_of(rows, links.pair, links.pair, links.pairs)
    matrix.column("edge_hours")[:] = known[:, 2]
    known = known_of(rows, links.reverse, links.pair, links.pairs)
    matrix.column("reverse_count")[:] = known[:, 0]
    matrix.column("reverse_hours_since")[:] = known[:, 1]
    table = Table(rows.accounts, links.keys, links.codes)
    latest = np.full(links.pairs, NONE, np.int64)
    cycles = matrix.column("cycle_3_7d")
    triangles(edges, rows.payee, last_in, earlier_in, table, latest, WINDOWS["7d"], cycles)


def _edges(rows: PaymentRows, links: Links) -> Edges:
    size, is_edge = len(rows.time), rows.posted & (rows.payer != rows.payee)
    before, after = np.full(size, NONE, np.int64), np.full(size, NONE, np.int64)
    link_pairs(links.pair, is_edge, np.full(links.pairs, NONE, np.int64), before, after)
    return Edges(rows.time, rows.amount, rows.payer, is_edge, before, after)


def _of_row(values: Array, row: Array, otherwise: float = np.nan) -> Array:
    """Return the values of other rows, and ``otherwise`` where there is none (-1)."""
    if not len(values):
        return values
    return np.where(row == NONE, otherwise, values[row])


def _write_upstream(edges: Edges, last_in: Array, matrix: FeatureMatrix) -> None:
    """Write what is known of the payment that the payer received last."""
    received = _of_row(edges.amount, last_in)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(received > 0, edges.amount / received, np.nan)
    matrix.column("amount_to_last_in")[:] = ratio
    matrix.column("last_in_new")[:] = _of_row(edges.before == NONE, last_in)
    for name in ("new_payees_1d", "new_payers_1d"):
        matrix.column(f"upstream_{name}")[:] = _of_row(matrix.column(f"payer_{name}"), last_in)
