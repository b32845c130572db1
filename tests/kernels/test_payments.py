"""The kernels over payments against their plain twins, on nasty tables."""

import naive.payments as naive
import numpy as np
import pytest
from naive.nasty_payments import KINDS, arrays, nasty

from finsim.kernels.payments.account_history import HABITS, MEASURES, account_history, group_events
from finsim.kernels.payments.graph import (
    MEASURES as GRAPH_MEASURES,
)
from finsim.kernels.payments.graph import Table, account_graph, chain_depths, edge_facts, triangles
from finsim.kernels.payments.pairs import NONE, code_pairs, find_pairs, key_history, link_pairs

DAY = naive.DAY
HABIT_NAMES = (
    "out_count", "in_count", "hours_since_out", "hours_since_in", "declined_1d", "small_1d", "amount_ratio",
    "amount_to_most", "round_share", "night_share",
)  # fmt: skip


def same(found, wanted):
    """Whether numbers are equal to the last bit of float32; NaN is equal to NaN."""
    wanted = np.array(wanted, dtype=np.float64).astype(np.float32).reshape(found.shape)
    np.testing.assert_array_equal(np.asarray(found, np.float32), wanted)


def events(payer, payee):
    accounts = int(max(payer.max(initial=0), payee.max(initial=0))) + 1
    start, event = np.zeros(accounts + 1, np.int64), np.empty(2 * len(payer), np.int64)
    group_events(payer, payee, start, event)
    return start, event


def pairs(payer, payee):
    keys, codes = np.full(2 << len(payer).bit_length(), NONE, np.int64), np.zeros(0, np.int64)
    codes, out = np.zeros(len(keys), np.int64), np.empty(len(payer), np.int64)
    accounts = int(max(payer.max(initial=0), payee.max(initial=0))) + 1
    count = code_pairs(payer, payee, accounts, keys, codes, out)
    return Table(accounts, count, keys, codes), out


def links(pair, count, edge):
    before, after = np.full(len(pair), NONE, np.int64), np.full(len(pair), NONE, np.int64)
    link_pairs(pair, edge, np.full(count, NONE, np.int64), before, after)
    return before, after


@pytest.mark.parametrize("kind", KINDS)
def test_events_by_account(kind):
    _, payer, payee, _, _ = arrays(nasty(kind))
    start, event = events(payer, payee)
    wanted = naive.group_events(payer.tolist(), payee.tolist())
    assert event.tolist() == [event for _, event in wanted]
    for account in range(len(start) - 1):
        mine = event[start[account] : start[account + 1]]
        assert mine.tolist() == [e for a, e in wanted if a == account]


@pytest.mark.parametrize("kind", KINDS)
def test_the_history_of_both_accounts(kind):
    rows = nasty(kind)
    time, payer, payee, amount, posted = arrays(rows)
    facts = np.stack([time, amount, posted, time % DAY < 6 * naive.HOUR], axis=1).astype(np.int64)
    widths = np.array(list(naive.WINDOWS.values()))
    out = np.full((len(rows), 2 * (MEASURES * 4 + HABITS)), 7, np.float32)
    account_history(facts, *events(payer, payee), widths, 1, out)
    names = [
        f"{way}_{what}_{window}"
        for window in naive.WINDOWS
        for way in ("out", "in")
        for what in ("count", "sum")
    ]
    wanted = [
        [one[f"{side}_{name}"] for side in ("payer", "payee") for name in (*names, *HABIT_NAMES)]
        for one in naive.history(rows)
    ]
    same(out, wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_pairs_are_coded_and_found(kind):
    _, payer, payee, _, _ = arrays(nasty(kind))
    table, out = pairs(payer, payee)
    wanted = naive.code_pairs(payer.tolist(), payee.tolist())
    assert out.tolist() == wanted
    assert table.pairs == len(set(wanted))
    found = np.empty(len(payer), np.int64)
    find_pairs(payee, payer, table.accounts, table.keys, table.codes, found)
    known = dict(zip(zip(payer.tolist(), payee.tolist(), strict=True), wanted, strict=True))
    assert found.tolist() == [known.get((b, a), -1) for a, b in zip(payer, payee, strict=True)]


def test_a_full_round_of_the_table_of_pairs():
    payer = np.arange(1_000)
    table, out = pairs(payer, payer[::-1].copy())
    assert out.tolist() == list(range(1_000))
    assert table.pairs == 1_000


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_one_pair_are_linked(kind):
    _, payer, payee, _, posted = arrays(nasty(kind))
    table, pair = pairs(payer, payee)
    before, after = links(pair, table.pairs, posted)
    assert (before.tolist(), after.tolist()) == naive.link_pairs(pair.tolist(), posted.tolist())


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_known_of_a_key(kind):
    rows = nasty(kind)
    time, payer, payee, amount, posted = arrays(rows)
    table, pair = pairs(payer, payee)
    reverse = np.empty(len(rows), np.int64)
    find_pairs(payee, payer, table.accounts, table.keys, table.codes, reverse)
    for asked in (pair, reverse):
        out = np.full((len(rows), 4), 7, np.float32)
        key_history(time, amount, posted, asked, pair, np.zeros((table.pairs, 4), np.int64), out)
        same(out, naive.key_history(rows, asked.tolist(), pair.tolist()))


@pytest.mark.parametrize("kind", KINDS)
def test_the_graph_of_both_accounts(kind):
    rows = nasty(kind)
    time, payer, payee, amount, posted = arrays(rows)
    table, pair = pairs(payer, payee)
    edge = posted & (payer != payee)
    before, after = links(pair, table.pairs, edge)
    facts = np.empty((len(rows), 5), np.int64)
    edge_facts(time, amount, edge, before, after, facts)
    out = np.full((len(rows), 2 * (2 + GRAPH_MEASURES * 3)), 7, np.float32)
    last_in, earlier_in = np.full((len(rows), 2), 7), np.full(len(rows), NONE)
    widths = np.array([naive.WINDOWS[name] for name in ("1h", "1d", "7d")])
    account_graph(facts, *events(payer, payee), widths, out, last_in, earlier_in)
    measures = ("new_payees", "new_payers", "fan_out", "fan_in", "pass", "amount_to_inflow")
    names = ["out_degree", "in_degree", *(f"{one}_{span}" for span in ("1h", "1d", "7d") for one in measures)]
    told = naive.graph(rows)
    same(out, [[one[f"{side}_{name}"] for side in ("payer", "payee") for name in names] for one in told])

    depth = np.full(len(rows), 7)
    chain_depths(facts, last_in, 3 * DAY, depth)
    for place, side in enumerate(("payer", "payee")):
        found = [0 if row == NONE else depth[row] for row in last_in[:, place]]
        assert found == [one[f"{side}_chain_depth"] for one in told]

    cycles = np.full(len(rows), 7, np.float32)
    earlier = np.stack([earlier_in, before], axis=1)
    triangles(facts, np.stack([payer, payee], axis=1), last_in, earlier, table, 7 * DAY, cycles)
    same(cycles, [one["cycle_3_7d"] for one in told])
    if kind == "crowded":
        assert cycles.max() > 10
