"""What payer, payee and the two of them did before: counts, sums, gaps, ratios to the own past."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.evaluation.detector_features.definitions import HABIT_WINDOW, SIDES, WINDOWS
from finsim.evaluation.detector_features.matrix import FeatureMatrix
from finsim.evaluation.detector_features.raw import word_codes
from finsim.evaluation.detector_features.reading import PaymentRows
from finsim.kernels.payments.account_history import HOUR, account_history, group_events
from finsim.kernels.payments.pairs import NONE, code_pairs, find_pairs, key_history
from finsim.notation import NANOS_PER_DAY, Array, Int1D

NIGHT_ENDS = 6 * HOUR


@dataclass(frozen=True)
class Links:
    """Rows by account and by pair: where the events of accounts begin [A + 1], the events [2n], pair codes.

    ``pair`` int64[n] and ``reverse`` int64[n], -1 where the payee never pays the payer; ``keys`` and
    ``codes`` are the table of pairs.
    """

    start: Int1D
    event: Int1D
    pair: Int1D
    reverse: Int1D
    pairs: int
    keys: Int1D
    codes: Int1D


def link_rows(rows: PaymentRows) -> Links:
    """Return the rows by account and by pair."""
    size = len(rows.time)
    start, event = np.zeros(rows.accounts + 1, np.int64), np.empty(2 * size, np.int64)
    group_events(rows.payer, rows.payee, start, event)
    keys = np.full(2 << size.bit_length(), NONE, np.int64)
    codes, pair, reverse = np.zeros(len(keys), np.int64), np.empty(size, np.int64), np.empty(size, np.int64)
    pairs = code_pairs(rows.payer, rows.payee, rows.accounts, keys, codes, pair)
    find_pairs(rows.payee, rows.payer, rows.accounts, keys, codes, reverse)
    return Links(start, event, pair, reverse, pairs, keys, codes)


def known_of(rows: PaymentRows, asked: Int1D, told: Int1D, keys: int) -> Array:
    """Return what is known of a key before each row (``pairs.key_history``): float32[n, 4]."""
    state, found = np.zeros((keys, 4), np.int64), np.empty((len(rows.time), 4), np.float32)
    key_history(rows.time, rows.amount, rows.posted, asked, told, state, found)
    return found


def write_history(rows: PaymentRows, links: Links, matrix: FeatureMatrix) -> None:
    """Write the columns of the group ``history``."""
    widths = np.array(list(WINDOWS.values()), np.int64)
    night = rows.time % NANOS_PER_DAY < NIGHT_ENDS
    payments = np.stack([rows.time, rows.amount, rows.posted, night], axis=1)
    block = matrix.block(f"{SIDES[0]}_out_count_{next(iter(WINDOWS))}", f"{SIDES[1]}_night_share")
    day = list(WINDOWS).index(HABIT_WINDOW)
    account_history(payments, links.start, links.event, widths, day, block)
    known = known_of(rows, links.pair, links.pair, links.pairs)
    matrix.column("new_payee")[:] = known[:, 0] == 0
    matrix.column("pair_count")[:] = known[:, 0]
    matrix.column("pair_hours_since")[:] = known[:, 1]
    matrix.column("pair_amount_ratio")[:] = known[:, 3]
    if matrix.has("payer_channel_count"):
        _, channel = np.unique(word_codes(rows.others["channel"], ()), return_inverse=True)
        many = int(channel.max(initial=0)) + 1
        key = rows.payer * many + channel
        matrix.column("payer_channel_count")[:] = known_of(rows, key, key, rows.accounts * many)[:, 0]
