"""The rows of one payment of a scheme: those that a ledger of its kind has of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as member

import numpy as np

from finsim.engine.injection.accounts.account_sorts import SELLS, SORTS
from finsim.engine.injection.accounts.companions import Beside, Companions
from finsim.engine.injection.entity_histories import NOBODY, Histories
from finsim.engine.injection.ledger_columns import SINGLE
from finsim.engine.injection.ledger_population import LedgerPopulation
from finsim.engine.injection.ledger_rows import Ledger
from finsim.engine.injection.row_templates import Templates
from finsim.engine.injection.scheme_planning import Labels, PlannedScheme

Known = tuple[Histories, Ledger, Templates]


@dataclass(slots=True)
class Row:
    """One added row: when, how much, which real row lends its cells, whose it is, who is on the other side.

    ``settled`` lends what the payee settles, ``worded`` words; ``lent`` rows that lend single cells, by place
    of the column, ``made`` texts of others; ``is_second`` of two rows of a payment;
    ``is_receipt``: between accounts, money that comes in; ``fee`` that its sum bears, where these are known.
    """

    time: int
    amount: int
    template: int
    entity: int
    payee: int
    shop: int
    scheme: int
    labels: Labels
    settled: int
    is_refund: bool = False
    is_second: bool = False
    worded: int = NOBODY
    is_receipt: bool = False
    lent: list[tuple[int, int]] = member(default_factory=list)
    made: list[tuple[int, str]] = member(default_factory=list)
    fee: int | None = None


def rows_of(
    scheme: PlannedScheme, row: int, number: int, world: LedgerPopulation, known: Known,
    rng: np.random.Generator,
) -> list[Row]:  # fmt: skip
    """Return the rows of one payment: one, or one for each account of it where the ledger has both.

    And those that come with them, as real ones come with those that lend them their words.
    """
    return _with_beside(_paid(scheme, row, number, world, known, rng), known[2])


def _paid(
    scheme: PlannedScheme, row: int, number: int, world: LedgerPopulation, known: Known,
    rng: np.random.Generator,
) -> list[Row]:  # fmt: skip
    """Return the rows of one payment alone."""
    past, ledger, lent = known
    words = lent.words
    payer, payee = int(scheme.payer[row]), int(scheme.payee[row])
    time, amount = int(scheme.time[row]), int(scheme.amounts[row])
    labels = scheme.labels[row]
    giver, taker, shop = int(world.entity[payer]), int(world.entity[payee]), int(world.shop[payee])
    made: list[Row] = []
    if world.shop[payer] >= 0:
        return [_refund(scheme, row, number, (int(world.shop[payer]), taker), known, rng)]
    sides = lent.sides
    if sides is not None and giver >= 0 and taker >= 0 and not sides.holds[giver] and sides.holds[taker]:
        template = sides.receipt(taker, amount, rng)
        into = _came_in(amount, known)
        return [Row(time, into, template, taker, giver, NOBODY, number, labels, NOBODY, is_receipt=True)]
    if giver >= 0 or ledger.columns.layout != SINGLE:
        relation = int(world.sorts.of_payments(np.array(giver), np.array(taker), np.array(shop)))
        template = lent.outgoing(giver, shop >= 0, amount, rng, scheme.currency, relation)
        settled = NOBODY
        if lent.follows_payee:
            settled = lent.to_shop.any(shop, rng) if shop >= 0 else NOBODY
            if shop < 0 and taker >= 0:
                settled = lent.of_payee(taker, rng, relation)
        made.append(Row(time, amount * past.sign, template, giver, taker, shop, number, labels, settled))
        if shop >= 0 and lent.shop_words is not None:
            paid = giver, shop, amount
            made[-1].lent, made[-1].made = lent.shop_words.sources((template, settled), paid, rng)
        if words is not None and relation % SORTS != SELLS:
            made[-1].worded = words.instead((template, settled), giver, amount, rng)
    if ledger.columns.layout == SINGLE and taker >= 0:
        template = lent.incoming(taker, amount, rng, scheme.currency)
        if template >= 0:
            into = _came_in(amount, known)
            second = bool(made)
            made.append(
                Row(time, into, template, taker, giver, NOBODY, number, labels, NOBODY, is_second=second)
            )
            if words is not None:
                made[-1].worded = words.instead((template,), taker, amount, rng, into=True)
    if sides is None or not sides.has_second or giver < 0 or shop >= 0:
        return made
    held = taker >= 0 and bool(sides.holds[taker])
    if held or sides.differs:
        both = _second(made[0], known, rng)
        made += both if held else []
    return made


def _came_in(amount: int, known: Known) -> int:
    """Return a sum as a row of money in has it."""
    past, ledger, _ = known
    return amount if past.sign < 0 or "direction" in ledger.columns.parts else -amount


def _second(first: Row, known: Known, rng: np.random.Generator) -> list[Row]:
    """Return the other account's row of a payment, its words and wait those of a real one; none too late.

    Sums differ as those of the real one do: ``first`` says what is sent, and then what its side says of it.
    """
    past, _, lent = known
    assert lent.sides is not None
    said = first.template if first.worded < 0 else first.worded
    sent = abs(first.amount)
    one, two = lent.sides.pair(said, sent, rng)
    paid, got = lent.sides.sums(one, sent)
    first.amount = paid * past.sign
    first.fee = None if not lent.sides.differs else paid - sent
    time = first.time + int(lent.times[two] - lent.times[one])
    if time > int(lent.times.max()):
        return []
    return [Row(
        time, _came_in(got, known), two, first.payee, first.entity, NOBODY, first.scheme,
        first.labels, NOBODY, is_second=True, is_receipt=True, worded=two,
        fee=None if not lent.sides.differs else sent - got,
    )]  # fmt: skip


def _refund(
    scheme: PlannedScheme, row: int, number: int, sides: tuple[int, int], known: Known,
    rng: np.random.Generator,
) -> Row:  # fmt: skip
    """Return the row in which a merchant pays: from its till if it has one, else one of the buyer's own."""
    past, _, lent = known
    shop, taker = sides
    amount = int(scheme.amounts[row])
    template = lent.refund(taker, amount, rng, scheme.currency)
    settled = lent.to_shop.any(shop, rng) if lent.follows_payee else NOBODY
    payer, payee, paid = int(past.till[shop]), taker, amount * past.sign
    if payer < 0:
        payer, payee = taker, NOBODY
        paid = -paid if lent.sides is None else _came_in(amount, known)
    made = Row(
        int(scheme.time[row]), paid, template, payer, payee, shop, number, scheme.labels[row], settled,
        is_refund=True,
    )  # fmt: skip
    if lent.shop_words is not None:
        rows, given = (template, settled), (taker, shop, amount)
        made.lent, made.made = lent.shop_words.sources(rows, given, rng, refund=True)
    return made


def _with_beside(rows: Sequence[Row], lent: Templates) -> list[Row]:
    """Return rows of a payment with those that come with them; of the last fact first, as they were found."""
    found = list(rows)
    known = lent.beside
    if known is None:
        return found
    for one in reversed(known.facts):
        found += [each for row in found for each in _beside(row, one, known, lent)]
    return found


def _beside(row: Row, one: Beside, known: Companions, lent: Templates) -> list[Row]:
    """Return the rows that come with a row by a fact: those of the real row that lends it its words."""
    source = [_source(row, at, lent) for at in one.columns]
    host = source[0]
    if any(codes[host] != codes[other] for codes, other in zip(one.codes, source, strict=True)):
        return []
    found = []
    for k in one.of(host):
        beside = int(one.row[k])
        time = row.time + int(known.time[beside] - known.time[host])
        if not known.time.min() <= time <= known.time.max():
            continue
        own = known.own_cells(beside, host)
        found.append(Row(
            time, known.sum(one, k, row.amount), row.template, row.entity, row.payee, row.shop, row.scheme,
            row.labels, row.settled, is_second=True, is_receipt=row.is_receipt,
            lent=[*((at, real) for at, real in row.lent if at not in own), *((at, beside) for at in own)],
            made=[(at, text) for at, text in row.made if at not in own],
        ))  # fmt: skip
    return found


def _source(row: Row, at: int, lent: Templates) -> int:
    """Return the real row that lends an added row its cell of a column."""
    lender = dict(row.lent).get(at, NOBODY)
    if lender < 0 and row.settled >= 0 and at in lent.follows_payee:
        lender = row.settled
    return row.template if lender < 0 else lender
