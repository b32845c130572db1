"""A balance that goes on from row to row of an account, found by that identity on the real rows (own).

An added row says the balance of the account's row before it and what it moves itself. Real rows stay as they
are, so the row after it does not know what was added: ``balance_breaks`` says what that gives away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.engine.injection.added_rows import Added
from finsim.engine.injection.entity_histories import Histories, told_out
from finsim.engine.injection.ledger_columns import ACCOUNTS, Part
from finsim.engine.injection.ledger_rows import Ledger
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.engine.injection.merging import BY_DAY, BY_TIME, Places
from finsim.engine.injection.written_cells import amount_cells, held
from finsim.notation import Bool1D, Float1D, Int1D

_SHARE, _LEAST = 0.9, 20  # assumption: share of steps, and number of them, that tell a running balance
_FILE, _BACK, _TIME = "file", "newest first", "time"
_NUMBERS = ("money", "float", "int")
_NOUGHT = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class RunningBalance:
    """A column that runs: real values float64[n] in units of the amounts, NaN where there is none.

    ``moves`` int64[n]: by how much each real row moves its own account, ``sign`` 1 or, of what is owed, -1;
    ``order`` how rows of an account follow; ``both`` where what other rows pay to the account counts too.
    ``held`` of ``steps`` real steps go on.
    """

    part: Part
    values: Float1D
    moves: Int1D
    order: str
    sign: int
    both: bool
    held: int
    steps: int
    room: float

    @property
    def share(self) -> float:
        """Share of real steps that go on."""
        return self.held / max(self.steps, 1)


@dataclass(frozen=True)
class Chain:
    """Rows of accounts one after the other, k of them, real and added: int64[k] but ``known``.

    ``entity``, ``row`` (number of a real or an added one), ``move`` in units of the amounts, ``own`` whether
    it is a row of the account itself, ``added`` whether it is added.
    """

    entity: Int1D
    row: Int1D
    move: Int1D
    own: Bool1D
    added: Bool1D


def running_balances(sample: LedgerSample, past: Histories, ledger: Ledger) -> list[RunningBalance]:
    """Return the columns of numbers that run as balances of their rows' accounts."""
    moves = moved(sample.cells, sample.amount, past, ledger)
    found = []
    sides = (False, True) if ledger.columns.layout == ACCOUNTS else (False,)
    parts = number_columns(ledger)
    chains = {
        (order, both): chained(sample, past, moves, order, both=both)
        for both, order in product(sides if parts else (), (_FILE, _BACK, _TIME))
    }
    for part in parts:
        values = _read(sample.cells, part, ledger)
        best: RunningBalance | None = None
        for ((order, both), chain), sign in product(chains.items(), (1, -1)):
            one = RunningBalance(part, values, moves, order, sign, both, 0, 0, _room(ledger, part))
            goes_on = steps(one, chain, np.where(chain.own, values[chain.row], np.nan))
            one = replace(one, held=int((goes_on == 1).sum()), steps=int((goes_on >= 0).sum()))
            if best is None or one.share > best.share:
                best = one
        if best is not None and best.steps >= _LEAST and best.share >= _SHARE:
            found.append(best)
    return found


def number_columns(ledger: Ledger) -> list[Part]:
    """Return the columns of numbers besides the amount."""
    source, taken = ledger.source, ledger.columns.parts["amount"].header
    roles = {part.header: role for role, part in ledger.columns.parts.items()}
    return [
        Part(header, source.headers.index(header), replace(source.fields[name], null=True))
        for name, header in source.bound.items()
        if source.fields[name].type in _NUMBERS and header != taken
        and roles.get(header, "balance") == "balance"
    ]  # fmt: skip


def moved(cells: pa.Table, amount: Int1D, past: Histories, ledger: Ledger) -> Int1D:
    """Return by how much rows move the account that they are of, in units of the amounts, int64[n]."""
    out = told_out(cells, ledger.columns)
    if out is not None:
        return np.where(out, -np.abs(amount), np.abs(amount))
    return np.asarray(-amount * past.sign, dtype=np.int64)


def _read(cells: pa.Table, part: Part, ledger: Ledger) -> Float1D:
    """Return the numbers of a column in units of the amounts, NaN where there is none."""
    told = ledger.typed(cells, part)
    scale = 10**part.field.decimals if part.field.type == "money" else 1
    plain = pc.fill_null(pc.cast(told, pa.float64(), safe=False), np.nan).to_numpy(zero_copy_only=False)
    values = np.asarray(plain, dtype=np.float64) * (ledger.scale / scale)
    return np.where(np.isfinite(values), values, np.nan)


def _room(ledger: Ledger, part: Part) -> float:
    """Return by how much a step may be off: a unit of the last place that is written, and a half."""
    scale = 10**part.field.decimals if part.field.type == "money" else ledger.scale
    return 1.5 * max(1.0, ledger.scale / scale)


def chained(sample: LedgerSample, past: Histories, moves: Int1D, order: str, *, both: bool) -> Chain:
    """Return the real rows of each account in an order; ``both``: with those that pay or charge it."""
    rows = np.arange(len(sample.row))
    entity, other = past.own, past.other
    more = np.flatnonzero(other >= 0) if both else _NOUGHT
    row, who = np.concatenate([rows, rows[more]]), np.concatenate([entity, other[more]])
    move = np.concatenate([moves, -moves[more]])
    own = np.arange(len(row)) < len(rows)
    place = {_FILE: sample.row, _BACK: -sample.row, _TIME: sample.time}[order][row]
    keep = np.flatnonzero(who >= 0)
    at = keep[np.lexsort((sample.row[row[keep]], place[keep], who[keep]))]
    return Chain(who[at], row[at], move[at], own[at], np.zeros(len(at), dtype=np.bool_))


def steps(law: RunningBalance, chain: Chain, balances: Float1D) -> Int1D:
    """Return of each row of a chain whether its balance goes on from the one before: 1, 0, -1 if unknown.

    ``balances`` float64[k], NaN where there is none. What moves the account between two rows of its own
    counts to the later one.
    """
    found = np.full(len(chain.entity), -1)
    use = np.flatnonzero(chain.own & np.isfinite(balances))
    if len(use) < 2:
        return found
    total = np.cumsum(law.sign * chain.move)
    same = chain.entity[use][1:] == chain.entity[use][:-1]
    off = np.abs(np.diff(balances[use]) - np.diff(total[use]))
    found[use[1:]] = np.where(same, off <= law.room, -1)
    return found


def with_balance(
    law: RunningBalance, added: Added, where: Places, sample: LedgerSample, past: Histories, ledger: Ledger
) -> tuple[Added, Chain, Float1D]:
    """Return added rows with the balance of the row before and what they move; the chain of all; balances.

    Balances float64[k] are those of the chain's rows, NaN where there is none.
    """
    sums = np.asarray(ledger.amounts(added.cells), dtype=np.int64)
    moves = moved(added.cells, sums, past, ledger)
    chain = _with_added(law, added, where, sample, past, moves)
    balances = _filled(law, chain)
    rows = np.flatnonzero(chain.added & chain.own)
    made = np.full(len(added.time), np.nan)
    made[chain.row[rows]] = balances[rows]
    return replace(added, cells=_put(law, added.cells, made, ledger)), chain, balances


def _with_added(
    law: RunningBalance, added: Added, where: Places, sample: LedgerSample, past: Histories, moves: Int1D
) -> Chain:
    """Return the chain of real and added rows as the file has them, or the order that the balance runs in."""
    real = chained(sample, past, law.moves, law.order, both=law.both)
    m = len(added.time)
    keys = np.empty(m, dtype=np.int64)
    keys[where.order] = where.keys
    nth = np.empty(m, dtype=np.int64)
    nth[where.order] = np.arange(m)
    rows = np.arange(m)
    more = np.flatnonzero(added.other >= 0) if law.both else _NOUGHT
    row, who = np.concatenate([rows, more]), np.concatenate([added.entity, added.other[more]])
    move = np.concatenate([moves, -moves[more]])
    known = who >= 0
    row, who, move, own = row[known], who[known], move[known], (np.arange(len(row)) < m)[known]
    # Each added row stands before the real rows from a key on; a real row has the key of its own place.
    if law.order == _TIME:
        place, here, after = sample.time[real.row], added.time[row], True
    elif where.by_row or where.how not in (BY_DAY, BY_TIME):
        place, here, after = sample.row[real.row], keys[row], False
    elif where.how == BY_DAY:
        place, here, after = sample.nth[real.row], keys[row], False
    else:
        place, here, after = sample.time[real.row], keys[row], True
    turn = -1 if law.order == _BACK else 1
    side = np.concatenate([np.full(len(place), 0 if after else 1), np.full(len(row), 1 if after else 0)])
    number = np.concatenate([sample.row[real.row], nth[row]])
    order = np.lexsort((
        turn * number, turn * side, turn * np.concatenate([place, here]), np.concatenate([real.entity, who])
    ))  # fmt: skip
    return Chain(*(
        np.concatenate(pair)[order]
        for pair in ((real.entity, who), (real.row, row), (real.move, move), (real.own, own),
                     (real.added, np.ones(len(row), dtype=np.bool_)))
    ))  # fmt: skip


def _filled(law: RunningBalance, chain: Chain) -> Float1D:
    """Return the balance after each row of a chain: that of real rows, else that of the row before and on.

    Before the first real row of an account it is that row's balance before, less what was added.
    """
    found = np.full(len(chain.entity), np.nan)
    real = chain.own & ~chain.added
    found[real] = law.values[chain.row[real]]
    has = np.isfinite(found)
    first_rows = np.append(True, chain.entity[1:] != chain.entity[:-1])[: len(found)]
    edges = np.flatnonzero(first_rows).tolist()
    for low, high in zip(edges, [*edges[1:], len(found)], strict=True):
        mine = np.flatnonzero(has[low:high]) + low
        if not len(mine) or not (chain.added[low:high] & chain.own[low:high]).any():
            continue
        first = int(mine[0])
        now = float(
            found[first] - law.sign * chain.move[low : first + 1][~chain.added[low : first + 1]].sum()
        )
        for at in range(low, high):
            now = float(found[at]) if has[at] else now + law.sign * float(chain.move[at])
            found[at] = now
    return found


def _put(law: RunningBalance, cells: pa.Table, made: Float1D, ledger: Ledger) -> pa.Table:
    at, field = law.part.at, law.part.field
    kind = cells.schema.field(at).type
    scale = 10**field.decimals if field.type == "money" else ledger.scale
    there = np.isfinite(made)
    whole = np.rint(np.where(there, made, 0.0) * (scale / ledger.scale)).astype(np.int64)
    with held(ledger.source.place, law.part.header, kind, "balances"):
        column = amount_cells(whole, scale, kind, field, ledger.source.dialect)
    column = pc.if_else(pa.array(there), column, pa.scalar(None, column.type))
    return cells.set_column(at, cells.schema.field(at), column)
