"""Post orders to the ledger, one pass for each time slice, as Arrow batches of transactions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from finsim.agents.cards.row_cards import RowCards
from finsim.agents.devices.row_devices import RowDevices
from finsim.agents.observed.bank_watch import BankWatch
from finsim.agents.observed.found_rows import Known
from finsim.agents.originals.row_originals import RowOriginals
from finsim.agents.payment_orders import STORED_NS, Orders, public_id
from finsim.agents.population.population import Population
from finsim.agents.schemes.phase_counts import empty_remarks, phase_counts
from finsim.agents.schemes.scheme_outcomes import SchemeRows, pattern_table
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.agents.settings import Settings
from finsim.agents.short_ids import NONE
from finsim.agents.statement_rows import SECOND, Middles, as_statements
from finsim.agents.vocabulary import (
    CARD,
    CATEGORIES,
    CHANNELS,
    COMES_BACK,
    DECLINE_REASONS,
    FROM_DECOY,
    FROM_LIFE,
    FROM_NARRATIVE,
    IS_BLOCKED,
    NO_FUNDS,
    OVER_LIMIT,
    PURPOSES,
    STATUSES,
)
from finsim.errors import RecordError
from finsim.kernels.argument_checks import bad_moves
from finsim.kernels.ledger import (
    DECLINED,
    NO_BLOCKS,
    RETURNED,
    SKIPPED,
    Blocks,
    Book,
    Moves,
    Rows,
    State,
    post_moves,
)
from finsim.kernels.taint import CLEAN, Pools, follow_taint
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Cents1D, Int1D, Nanos1D
from finsim.records.columns import DAY
from finsim.records.fixed_words import KNOWN_BY
from finsim.records.phase_counts import PhaseCount
from finsim.records.transactions import NO_MERCHANT, TRANSACTION_SCHEMA

_BATCH = 262_144
_DAY_US = NANOS_PER_DAY // 1_000


@dataclass(frozen=True)
class RowMarks:
    """What gives rows their device, their card, and the row that each answers."""

    devices: RowDevices
    cards: RowCards
    originals: RowOriginals


@dataclass
class Posted:
    """A posting under way: iterate over it for the record batches, then read the rest.

    ``patterns`` (one row per scheme), ``phases`` (what came of each phase's payments), ``remarks`` and
    ``balances`` (cents by account position) are complete once the iteration has ended.
    """

    _batches: Iterator[pa.RecordBatch]
    balances: Cents1D
    _schemes: list[SchemeRows] = field(default_factory=list)
    _finish: list[pa.Table] = field(default_factory=list)
    phases: list[PhaseCount] = field(default_factory=list)
    _remarks: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield record batches of ``TRANSACTION_SCHEMA`` in time order."""
        return self._batches

    @property
    def remarks(self) -> tuple[str, ...]:
        """Return what could not be made as asked, and phases without a posted payment."""
        return (*self._remarks, *empty_remarks(self.phases))

    @property
    def patterns(self) -> pa.Table:
        """Return the schemes in ``PATTERN_SCHEMA``; raises RecordError before the last batch was read."""
        if not self._finish:
            raise RecordError(
                "the pattern table is not complete yet", remedy="read all batches of the posting first"
            )
        return self._finish[0]


def post(
    population: Population,
    settings: Settings,
    parts: Iterable[Orders],
    plan: SchemePlan,
    middles: Middles | None = None,
    marks: RowMarks | None = None,
    watch: BankWatch | None = None,
) -> Posted:
    """Post orders, given as consecutive time slices that are sorted by (ts, order_id), to one ledger.

    ``tx_id`` counts from 0 in (ts, order_id) order; then instants are cut to whole microseconds. Money is
    conserved exactly: the sum of all balances never changes. Raises RecordError when slices are out of
    order. Memory is one slice. ``middles``: the outside accounts between two inside ones in
    rows of schemes, where ordinary rows know one side alone (``statement_rows.py``). ``marks`` gives each
    row its device, its card and the row that it answers, ``watch`` the day on which it is known; without, no
    row has one.
    """
    accounts = population.accounts
    book = Book(accounts.opening.copy(), accounts.overdraft, accounts.external)
    schemes: list[SchemeRows] = []
    finish: list[pa.Table] = []
    counts: list[PhaseCount] = []

    def batches() -> Iterator[pa.RecordBatch]:
        state = plan.fresh_state()
        blocks = NO_BLOCKS if watch is None else watch.blocks
        words = _Words(population, settings, plan, blocks.until)
        pools = Pools(np.zeros(len(accounts)), book.external)
        tx_id, before = 0, -(2**63)
        for orders in parts:
            if len(orders) and int(orders.ts[0]) < before:
                raise RecordError(
                    "a slice of orders begins before the end of the one before",
                    expected="slices in time order",
                    remedy="cut all parts at the same instants",
                )
            before = int(orders.ts[-1]) if len(orders) else before
            orders = replace(orders, ts=orders.ts - orders.ts % STORED_NS)
            held = book.balance.copy() if middles else book.balance
            rows = run_orders(orders, book, plan, state, blocks)
            taint = words.taint(orders, rows, pools)
            if middles:
                orders, rows = as_statements(orders, rows, book, held, middles)
                # The second row of a payment tells of the same money.
                taint = taint[np.cumsum((orders.order_id & SECOND) == 0) - 1]
            kept = np.flatnonzero(rows.status != SKIPPED)
            for low in range(0, len(kept), _BATCH):
                some = kept[low : low + _BATCH]
                told = Rows(*(column[some] for column in rows))
                made = orders.take(some)
                known = None if watch is None else watch.of(made, told, tx_id)
                things = _things(marks, made, told, tx_id)
                yield words.batch(made, told, (taint[some], things, known), tx_id)
                tx_id += len(some)
            schemes.append(SchemeRows.of(orders, rows))
        finish.append(pattern_table(population, plan, schemes, plan.stopped_by(state.stopped)))
        counts.extend(phase_counts(plan, state.outcome))

    return Posted(batches(), book.balance, schemes, finish, counts, plan.remarks)


def posted_alone(population: Population, orders: Orders, plan: SchemePlan) -> Bool1D:
    """Return bool[n]: which planned orders get a row, posted or declined, where nothing else is posted."""
    accounts = population.accounts
    book = Book(accounts.opening.copy(), accounts.overdraft, accounts.external)
    kept: Bool1D = run_orders(orders, book, plan, plan.fresh_state()).status != SKIPPED
    return kept


def run_orders(
    orders: Orders, book: Book, plan: SchemePlan, state: State, blocks: Blocks = NO_BLOCKS
) -> Rows:
    """Run sorted orders through a book, changed in place, and return what came of each.

    ``blocks`` say whom banks block; their instants are those of the orders. Raises RecordError for accounts
    and plan slots that do not exist.
    """
    size = len(orders)
    rows = Rows(
        status=np.zeros(size, dtype=np.uint8),
        amount=np.zeros(size, dtype=np.int64),
        payer_after=np.zeros(size, dtype=np.int64),
        payee_after=np.zeros(size, dtype=np.int64),
    )
    moves = Moves(
        *(np.ascontiguousarray(a) for a in (orders.payer, orders.payee, orders.amount, orders.plan_row))
    )
    wrong = bad_moves(moves, book, plan.steps, state)
    if wrong:
        raise RecordError(wrong, place="orders", expected="accounts and plan slots that exist")
    post_moves(moves, book, plan.steps, state, rows, blocks._replace(ts=np.ascontiguousarray(orders.ts)))
    return rows


class _Words:
    """Column builders with one fixed vocabulary, so that bytes never depend on how rows were batched."""

    def __init__(
        self, population: Population, settings: Settings, plan: SchemePlan, blocked: Nanos1D
    ) -> None:
        self.accounts = population.accounts
        self.merchant_id = np.concatenate([population.merchants.merchant_id, [NO_MERCHANT]])
        self.category = np.concatenate([population.merchants.category, [0]])
        self.plan, self.blocked = plan, blocked
        self.currency = pa.array([settings.currency])
        shard = np.arange(len(self.accounts)) // settings.shard_accounts
        self.shard_of = np.minimum(shard, settings.shards - 1).astype(np.uint32)

    def taint(self, orders: Orders, rows: Rows, pools: Pools) -> Array:
        """Return the illicit share of the money of each order: float32[N]; ``pools`` are changed in place."""
        mark = np.full(len(orders), CLEAN, dtype=np.uint8)
        mine = np.flatnonzero(orders.plan_row >= 0)
        mark[mine] = self.plan.taint[orders.plan_row[mine]]
        share = np.empty(len(orders), dtype=np.float32)
        follow_taint(
            Moves(orders.payer, orders.payee, orders.amount, orders.plan_row), rows, mark, pools, share
        )
        return share

    def batch(
        self, orders: Orders, rows: Rows, more: tuple[Array, list[pa.Array], Known | None], first: int
    ) -> pa.RecordBatch:
        """Return rows as one batch.

        ``more``: illicit share; device, card and the row that it answers; when and by what each is known.

        ``first`` is the first ``tx_id``.
        """
        taint, things, known = more
        size = len(orders)
        accounts, payer, payee = self.accounts, orders.payer, orders.payee
        columns = [
            pa.array(np.arange(first, first + size)),
            pa.array(orders.ts).cast(pa.timestamp("ns", tz="UTC")),
            pa.array(accounts.account_id[payer]),
            pa.array(accounts.account_id[payee]),
            pa.array(accounts.bank[payer]),
            pa.array(accounts.bank[payee]),
            pa.array(rows.amount),
            _coded(np.zeros(size, dtype=np.int32), self.currency),
            _coded(orders.channel, pa.array(CHANNELS)),
            *things[:2],
            _coded(orders.purpose, pa.array(PURPOSES)),
            pa.array(self.merchant_id[orders.merchant]),
            _coded(self.category[orders.merchant], pa.array(CATEGORIES), orders.merchant < 0),
            _coded((rows.status == DECLINED), pa.array(STATUSES)),
            self._reasons(orders, rows),
            things[2],
            pa.array(rows.payer_after),
            pa.array(rows.payee_after),
            *self._labels(orders.plan_row, taint, known),
            pa.array(public_id(orders.order_id)),
            *self._origin(orders),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=TRANSACTION_SCHEMA)

    def _reasons(self, orders: Orders, rows: Rows) -> pa.Array:
        """Return why each row was declined, as ``post_moves`` decides.

        A block comes later than every row that led to it, so what is known of blocks now tells of all rows.
        """
        posted = rows.status != DECLINED
        mine = np.flatnonzero(~posted)
        code = np.where(self.accounts.kind[orders.payer[mine]] == CARD, OVER_LIMIT, NO_FUNDS)
        codes = np.zeros(len(posted), dtype=np.int32)
        code = np.where(orders.plan_row[mine] == RETURNED, COMES_BACK, code)
        if len(self.blocked):
            sides = np.minimum(self.blocked[orders.payer[mine]], self.blocked[orders.payee[mine]])
            code = np.where(orders.ts[mine] >= sides, IS_BLOCKED, code)
        codes[mine] = code
        return _coded(codes, pa.array(DECLINE_REASONS), posted)

    def _labels(self, row: Array, taint: Array, known_of: Known | None) -> list[pa.Array]:
        """Return is_fraud, is_laundering, taint, known_on, known_by, narrative, instance, phase and role."""
        plan, size = self.plan, len(row)
        mine = np.flatnonzero(row >= 0)
        step = row[mine]
        scheme = plan.steps.scheme[step]
        ordinary = row < 0

        known = pa.py_buffer(np.packbits(~ordinary, bitorder="little"))

        def spread(values: Array, empty: int, kind: type) -> Array:
            # Pages of zeros that nobody wrote to cost nothing.
            column: Array = np.full(size, empty, dtype=kind) if empty else np.zeros(size, dtype=kind)
            column[mine] = values
            return column

        def words(codes: Array, names: tuple[str, ...]) -> pa.Array:
            buffers = [known, pa.py_buffer(spread(codes, 0, np.int32))]
            indices = pa.Array.from_buffers(pa.int32(), size, buffers)
            return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))

        return [
            pa.array(spread(plan.fraud[step], 0, np.bool_)),
            pa.array(spread(plan.laundering[step], 0, np.bool_)),
            pa.array(taint),
            *_known(size, known_of),
            words(plan.narrative[scheme], plan.narratives),
            pa.array(spread(plan.id[scheme], -1, np.int64)),
            words(plan.phase[step], plan.phases),
            words(plan.role[step], plan.roles),
        ]

    def _origin(self, orders: Orders) -> list[pa.Array]:
        """Return ``_fs_src`` and ``_fs_seq``: the layer that made a row, and its shard or scheme."""
        source = np.full(len(orders), FROM_LIFE, dtype=np.uint8)
        sequence: Int1D = (orders.order_id >> 40).astype(np.uint32)
        mine = np.flatnonzero(orders.plan_row >= 0)
        scheme = self.plan.steps.scheme[orders.plan_row[mine]]
        source[mine] = np.where(self.plan.decoy[scheme], FROM_DECOY, FROM_NARRATIVE)
        sequence[mine] = self.plan.id[scheme].astype(np.uint32)
        return [pa.array(source), pa.array(sequence)]


def _things(marks: RowMarks | None, orders: Orders, rows: Rows, first: int) -> list[pa.Array]:
    """Return device, card and answered row of each row, -1 where a world does not know them."""
    if marks is None:
        return [pa.array(np.full(len(orders), NONE, dtype=kind)) for kind in (np.int32, np.int32, np.int64)]
    found = (marks.devices.of(orders), marks.cards.of(orders), marks.originals.of(orders, rows, first))
    return [pa.array(ids) for ids in found]


def _known(size: int, known: Known | None) -> list[pa.Array]:
    """Return known_on and known_by of rows."""
    when, code = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int32)
    valid = np.zeros(-(-size // 8), dtype=np.uint8)
    if known is not None:
        at = known.row
        when[at], code[at] = known.when // NANOS_PER_DAY * _DAY_US, known.by
        np.bitwise_or.at(valid, at >> 3, (1 << (at & 7)).astype(np.uint8))
    mask = pa.py_buffer(valid)
    codes = pa.Array.from_buffers(pa.int32(), size, [mask, pa.py_buffer(code)])
    return [
        pa.Array.from_buffers(DAY, size, [mask, pa.py_buffer(when)]),
        pa.DictionaryArray.from_arrays(codes, pa.array(KNOWN_BY, pa.string())),
    ]


def _coded(codes: Array, words: pa.Array, missing: Array | None = None) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32), mask=missing), words)
