"""The ledger that a study's payments are learned from: read once, with who pays whom and in which money."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.engine.injection.entity_histories import is_signed
from finsim.engine.injection.ledger_columns import ACCOUNTS, CARDS, SINGLE
from finsim.engine.learned.event_parts import ledger_of
from finsim.engine.learned.reading import LearnedInput, read_to_learn
from finsim.engine.learned_payments.counted_once import pairs_of
from finsim.engine.learned_payments.payment_words import PaymentWords, Said, payment_words
from finsim.engine.study.named_inputs import data_file
from finsim.engine.study.transactions_part import TransactionsPart
from finsim.errors import DataError
from finsim.evaluation.reading.guessed_roles import Named
from finsim.evaluation.reading.kinds import EVENTS
from finsim.generators.events.habits.echoes.second_sides import Pairs
from finsim.notation import Array, Bool1D, Float1D, minor_units
from finsim.records.event_log import NAME_ONLY, EventLog
from finsim.records.mixed_table import NUMBER
from finsim.records.storage import digest_file
from finsim.tables import load_schema
from finsim.tables.currencies import CURRENCIES
from finsim.tables.direction_words import IN_WORDS, OUT_WORDS
from finsim.tables.proposing.roles import roles
from finsim.tables.role_words import NO_ROLE

LEAST_ENTITIES = 20
_MOSTLY = 0.5
_UNKNOWN = "XXX"  # ISO 4217: no currency; what is proposed where a table says nothing
_NOISE = 1e-9  # of an amount: what its float may be off
_MOST_SUM = 1e15  # a balance is below 10^18 in the smallest unit, of which some currencies have 1,000


@dataclass(frozen=True)
class Direction:
    """Who pays: ``words`` of the direction column that mean paid out (None: no such column), and the sign.

    An amount of the other sign than ``sign`` goes the other way.
    """

    words: frozenset[int] | None
    sign: int

    def paid_out(self, log: EventLog) -> Bool1D:
        """Return bool[n]: whether the entity of an event pays."""
        amounts = log.part("amount")
        assert amounts is not None
        positive = np.nan_to_num(amounts) * self.sign > 0
        codes = log.part("direction")
        if self.words is None or codes is None:
            return np.asarray(positive)
        out = np.isin(codes, list(self.words))
        return np.where(out, positive, False).astype(np.bool_)


@dataclass(frozen=True)
class PaymentLedger:
    """A ledger to learn from: its typed table, its events, and how they become payments.

    ``layout`` as in ``injection.ledger_columns``; ``shops`` bool[K]: which of the counterparties outside are
    merchants: all or none, but in a ledger with accounts and names in two columns those without an account.
    ``name``: the column of names beside one of accounts; ``pairs``: transfers that stand on both sides.
    """

    data: LearnedInput
    log: EventLog
    remarks: tuple[str, ...]
    currency: str
    layout: str
    shops: Bool1D
    direction: Direction
    words: PaymentWords
    name: str | None = None
    pairs: Pairs | None = None

    @property
    def outside(self) -> tuple[str, ...]:
        """The words of the counterparties that are no entities."""
        return _outside(self.log)

    @property
    def has_shops(self) -> bool:
        """Whether some counterparties are merchants."""
        return bool(self.shops.any())

    @property
    def has_transfers(self) -> bool:
        """Whether rows may be other payments than those at merchants."""
        return self.layout == ACCOUNTS or not self.has_shops

    @property
    def is_daily(self) -> bool:
        """Whether all its times are whole days."""
        return self.log.events[self.log.roles.time].step >= 86_400_000_000_000

    def cents(self, log: EventLog) -> Float1D:
        """Return the size of every amount in minor units, above or equal 0, NaN where it lacks."""
        amounts = log.part("amount")
        assert amounts is not None
        found: Float1D = np.rint(np.abs(amounts) * minor_units(self.currency))
        return found


def payment_ledger(part: TransactionsPart) -> PaymentLedger:
    """Return the ledger of a study, read once for each state of its files.

    Raises DataError for a table that cannot be read as payments, that has several currencies, or too few
    entities.
    """
    assert part.data is not None
    file = data_file(part.data)
    schema = data_file(part.schema_) if part.schema_ else None
    state = (digest_file(file), digest_file(schema) if schema else "")
    return _read(
        str(file),
        str(schema) if schema else "",
        part.stated_currency or "",
        state,
        part.words.mapping() if part.words else (),
    )


@lru_cache(maxsize=2)
def _read(file: str, schema: str, currency: str, state: tuple[str, str], said: Said) -> PaymentLedger:
    declared = load_schema(schema) if schema else None
    found = read_to_learn(Path(file), EVENTS, Named(), declared, None)
    ledger = ledger_of(found, both=True)
    found, other = _of_currency(found, ledger.log.roles.currency, currency)
    if other:
        ledger = ledger_of(found, both=True)
    log = ledger.log
    amount = log.roles.amount
    if amount is None or log.events[amount].kind != NUMBER:
        raise DataError("no column is the amount of the payments", place=file, expected="a column of amounts",
                        remedy="say which it is in a schema: `role: amount`")  # fmt: skip
    if log.count < LEAST_ENTITIES:
        raise DataError(f"{log.count} entities", place=file, expected=f"at least {LEAST_ENTITIES}",
                        remedy="give a ledger of more accounts or cards")  # fmt: skip
    _refuse_sums(log, file)
    two = () if ledger.two else _two_partners(found, file)
    money = _currency(found, log, currency, file)
    parts = _parts_of_minor(found, log, money, stated=currency, file=file)
    role = _role(found, log.roles.partner)
    layout = SINGLE if log.roles.partner is None else CARDS
    if log.partner_is_entity or role == "to_account":
        layout = ACCOUNTS
    shops = _shops(log, layout)
    if layout == CARDS and log.roles.direction is not None:
        layout = SINGLE  # a statement with names of counterparties
    return PaymentLedger(
        found, log, (*found.remarks, *ledger.remarks, *two, *other, *parts),
        money, layout, shops,
        _direction(log, layout), payment_words(log, shops, said),
        ledger.two.name if ledger.two else None, pairs_of(log),
    )  # fmt: skip


def _outside(log: EventLog) -> tuple[str, ...]:
    if log.roles.partner is None:
        return ()
    words = log.events[log.roles.partner].words
    return words[log.count :] if log.partner_is_entity else words


def _shops(log: EventLog, layout: str) -> Bool1D:
    """Return bool[K], the counterparties outside that are merchants; between accounts those without one."""
    return np.array([layout == CARDS or word.startswith(NAME_ONLY) for word in _outside(log)], np.bool_)


def _refuse_sums(log: EventLog, file: str) -> None:
    """Raise DataError where no row moves money, or where balances would leave what a ledger holds."""
    amounts = log.part("amount")
    assert amounts is not None
    sizes = np.abs(amounts[~np.isnan(amounts)])
    place = f"{file}: column {log.roles.amount!r}"
    if not (sizes > 0).any():
        raise DataError("every amount is 0 or empty", place=place, expected="rows that move money",
                        remedy="say which column is the amount: `role: amount` in a schema")  # fmt: skip
    if sizes.sum() >= _MOST_SUM:
        raise DataError(
            f"amounts add up to {sizes.sum():.3g}", place=place, expected=f"less than {_MOST_SUM:.0g}",
            remedy="give them in a larger unit, such as thousands",
        )  # fmt: skip


def _role(data: LearnedInput, column: str | None) -> str:
    """Return the role of a column: declared, or told by its header."""
    if column is None:
        return ""
    field = data.fields[column]
    if field.role:
        return field.role
    headers = [each.source or name for name, each in data.fields.items() if each.role != NO_ROLE]
    return dict(roles(headers, "payments")).get(field.source or column, "")


def _two_partners(data: LearnedInput, file: str) -> tuple[str, ...]:
    """Return a remark where a ledger has accounts and merchants in two columns.

    Raises DataError where rows have a merchant and no account: they would go to nobody.
    """
    played = {_role(data, name): name for name in data.table.column_names if name in data.fields}
    account, merchant = played.get("to_account"), played.get("merchant")
    if account is None or merchant is None:
        return ()
    said = header_of(data, account), header_of(data, merchant)
    lost = pc.sum(pc.and_(pc.is_null(data.table[account]), pc.is_valid(data.table[merchant]))).as_py() or 0
    if lost:
        raise DataError(
            f"{lost:,} rows have a merchant in {said[1]!r} and no account in {said[0]!r}", place=file,
            expected="one column that says who is on the other side",
            remedy=f"write both into one column with `role: merchant`, or leave {said[0]!r} without a role",
        )  # fmt: skip
    return (f"{said[1]}: every row has an account in {said[0]}, so merchants are accounts",)


def header_of(data: LearnedInput, column: str) -> str:
    """Return the header of a column in the user's file."""
    field = data.fields.get(column)
    return (field.source if field else None) or column


def _of_currency(data: LearnedInput, column: str | None, stated: str) -> tuple[LearnedInput, tuple[str, ...]]:
    """Return the rows of the stated currency, and a remark, where the ledger has others beside it."""
    if column is None or not stated:
        return data, ()
    cells = data.table[column]
    plain = cells.cast(cells.type.value_type) if pa.types.is_dictionary(cells.type) else cells
    words = pc.utf8_upper(plain)
    others = [word for word in pc.unique(words).drop_null().to_pylist() if word != stated]
    mine = pc.fill_null(pc.equal(words, stated), False)
    count = pc.sum(mine).as_py() or 0
    if not others or not count:
        return data, ()
    told = f"{count:,} of {data.table.num_rows:,} rows are in {stated}; those in {', '.join(others)} left out"
    return replace(data, table=data.table.filter(mine)), (told,)


def _currency(data: LearnedInput, log: EventLog, stated: str, file: str) -> str:
    """Return the one currency of a ledger: of its column, its schema, or the study."""
    column = log.roles.currency
    found: list[str] = []
    if column is not None:
        codes = log.events[column].values
        counts = Counter(
            {word.upper(): int((codes == k).sum()) for k, word in enumerate(log.events[column].words)}
        )
        found = [word for word, count in counts.items() if count]
        if len(found) > 1:
            told = ", ".join(f"{word} {count:,} rows" for word, count in counts.most_common())
            name, first = header_of(data, column), counts.most_common(1)[0][0]
            raise DataError(
                f"several currencies in {name!r}: {told}", place=file, expected="one currency in a study",
                remedy=f"say which one, such as currency: {first}, or give its rows alone",
            )  # fmt: skip
    declared = data.fields[str(log.roles.amount)].ccy
    found = found or ([declared] if declared and declared != _UNKNOWN else [])
    if found and stated and found != [stated]:
        raise DataError(f"the ledger is in {found[0]}", place=file, expected=f"{stated}, as the study says",
                        remedy="leave currency: out")  # fmt: skip
    if found and found[0] not in CURRENCIES:
        raise DataError(f"currency {found[0]!r}", place=file, expected="an ISO 4217 code",
                        remedy="declare it in a schema, or leave the column out of it")  # fmt: skip
    return (found or [stated or "USD"])[0]


def _parts_of_minor(
    data: LearnedInput, log: EventLog, money: str, *, stated: str, file: str
) -> tuple[str, ...]:
    """Return a remark where amounts have parts of the least unit of their currency, as payments have none.

    Raises DataError where it is the study alone that says the currency.
    """
    sizes = np.abs(_amounts(log))
    sizes = sizes[~np.isnan(sizes)] * minor_units(money)
    odd = np.abs(sizes - np.rint(sizes)) > _NOISE * np.maximum(sizes, 1.0)
    if not odd.any():
        return ()
    name = header_of(data, str(log.roles.amount))
    first = float(sizes[np.argmax(odd)] / minor_units(money))
    decimals = len(str(minor_units(money))) - 1
    told = (
        f"{int(odd.sum()):,} of {len(sizes):,} amounts in {name!r} have more decimals, such as {first:.10g}"
    )
    if stated and log.roles.currency is None:
        raise DataError(
            f"{told}; {money} has {decimals}", place=file, expected=f"amounts of at most {decimals} decimals",
            remedy="write the currency that the amounts are in; or round them",
        )  # fmt: skip
    return (f"{told}, than {money} ({decimals}): rounded; say the currency in the schema, `ccy:`",)


def _direction(log: EventLog, layout: str) -> Direction:
    amounts = np.nan_to_num(_amounts(log))
    name = log.roles.direction
    if name is not None:
        folded = [word.strip().casefold() for word in log.events[name].words]
        known = np.isin(
            log.events[name].values, [k for k, one in enumerate(folded) if one in OUT_WORDS | IN_WORDS]
        )
        if known.mean() > _MOSTLY:
            out = frozenset(k for k, word in enumerate(folded) if word in OUT_WORDS)
            paid = amounts[np.isin(log.events[name].values, list(out))]
            return Direction(out, -1 if len(paid) and np.median(paid) < 0 else 1)
    if layout == SINGLE and (amounts < 0).any():
        return Direction(None, -1)
    if layout == ACCOUNTS and is_signed(amounts):
        return Direction(None, -1)
    return Direction(None, -1 if (amounts < 0).mean() > _MOSTLY else 1)


def _amounts(log: EventLog) -> Array:
    found = log.part("amount")
    assert found is not None
    return found
