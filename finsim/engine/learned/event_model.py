"""``LearnedEvents``: a fitted model of a ledger, and new entities from it in the ledger's columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.engine.learned.body_choice import Choice, chosen_body
from finsim.engine.learned.counterparties.two_columns import TwoColumns
from finsim.engine.learned.event_parts import Ledger, holds_accounts, ledger_of, ledger_remark
from finsim.engine.learned.private_facts import private_facts, private_form
from finsim.engine.learned.reading import LearnedInput
from finsim.engine.learned.saved_forms import OutputForm
from finsim.engine.learned.statements.balance_column import BalanceColumn, without_balance
from finsim.engine.learned.statements.balances_of_a_run import balances_of_run, with_balances
from finsim.engine.learned.statements.sided_amounts import two_amounts
from finsim.engine.learned.texts.text_columns import TextColumns, without_texts
from finsim.engine.market_model.fitted_model_card import loss_table, privacy_words
from finsim.generators.events.event_generator import EventGenerator, HasRemarks, HasTurnedRows
from finsim.generators.generator import Budget, Progress
from finsim.generators.saved_models import load, save
from finsim.notation import Array, Float1D, Int1D
from finsim.randomness import Streams
from finsim.records.display.card import Card
from finsim.records.display.fact_words import counted
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD, MixedColumn, MixedTable
from finsim.records.shown_rows import ShownTable
from finsim.tables.learning.mixed_columns import arrow_column
from finsim.tables.new_ids.id_form import IdForm, plain_remarks
from finsim.tables.statements.two_sides import TwoSides

KIND = "events"
BLOCK_ENTITIES = 2_000
LEAST_NUMBERED = 20
"""Entities from which on a word that each has alone is an identifier (assumption)."""


@dataclass(frozen=True, repr=False)
class LearnedEvents(ShownTable):
    """A fitted model of events: the generator, how its entities become rows, and facts on its data.

    ``balance`` : the running balance of its rows, which the generator does not know; ``sides`` : the columns
    of its amounts where these are two; ``texts`` : what its texts are made of, which the generator knows as
    templates. As a table it is the loss curves of its training.
    """

    generator: EventGenerator
    form: OutputForm
    entity: str
    data: Mapping[str, Any]
    balance: BalanceColumn | None = None
    sides: TwoSides | None = None
    texts: TextColumns | None = None

    def _table(self) -> pa.Table:
        return loss_table(self.generator.report)

    def card(self) -> Card:
        """Return generator, data and training."""
        facts = (
            ("data", f"{self.data.get('file', 'a table')}, {counted(int(self.data['rows']), 'row')}"),
            ("read as", str(self.data.get("read_as", ""))),
            ("why this body", str(self.data.get("choice", ""))),
            ("training", self.generator.report.stopped_by),
            ("privacy", privacy_words(self.generator.report)),
        )
        return Card(f"Fitted model of events: {self.generator.name}", facts)

    def save(self, folder: str | Path) -> None:
        """Write the model as ``weights.safetensors`` and ``model.json`` into a new folder."""
        extra = {"form": self.form.to_dict(), "entity": self.entity, "data": dict(self.data)}
        if self.balance is not None:
            extra["balance"] = self.balance.to_dict()
        if self.sides is not None:
            extra["sides"] = asdict(self.sides)
        if self.texts is not None:
            extra["texts"] = self.texts.to_dict()
        save(self.generator, Path(folder), extra)

    @classmethod
    def load(cls, folder: str | Path) -> LearnedEvents:
        """Read a saved model; raises FitError when it is missing, damaged or of another kind."""
        generator, extra = load(Path(folder), KIND)
        balance = BalanceColumn.from_dict(extra["balance"]) if "balance" in extra else None
        told = extra.get("sides")
        sides = None
        if told is not None:
            sides = TwoSides(told["out"], told["into"], tuple(told["signs"]), tuple(told["zeros"]))
        form = OutputForm.from_dict(extra["form"])
        texts = TextColumns.from_dict(extra["texts"]) if "texts" in extra else None
        return cls(generator, form, extra["entity"], extra["data"], balance, sides, texts)

    def batches(
        self, entities: int, streams: Streams, days: int | None, progress: Progress
    ) -> Iterator[pa.RecordBatch]:
        """Yield the events of new entities, block by block, in the columns of the training table."""
        row, cells = 0, self._balances(entities, streams, days)
        for first in range(0, entities, BLOCK_ENTITIES):
            count = min(BLOCK_ENTITIES, entities - first)
            log = self.sampled(count, streams, first, days, entities, next(cells, None))
            yield from self.rows_of(log, first, entities, row, streams).to_batches()
            row += log.events.rows
            progress((first + count) / entities, "sampling entities")

    def sampled(
        self, count: int, streams: Streams, first: int = 0, days: int | None = None,
        total: int | None = None, cells: Float1D | None = None,
    ) -> EventLog:  # fmt: skip
        """Return new entities as the generator samples them, with balances and amounts as rows have them.

        ``cells`` : their balances, where those rest on rows of other blocks too.
        """
        log = self.generator.sample(count, streams, first, days, total)
        if self.balance is not None and cells is not None:
            log = with_balances(log, self.balance, cells)
        elif self.balance is not None:
            owner = None if log.turned is None else self._owners(log, first).astype(np.int64)
            log = self.balance.added(log, first, streams.under("balances"), owner)
        return log if self.sides is None else two_amounts(log, self.sides)

    def _balances(self, entities: int, streams: Streams, days: int | None) -> Iterator[Float1D]:
        """Return the balances of each block where rows of an account stand in several, else nothing.

        Second sides stand behind the first ones, so a run of more blocks is sampled twice: first for what
        moves.
        """
        turns = isinstance(self.generator, HasTurnedRows) and self.generator.turns_rows
        if self.balance is None or not turns or entities <= BLOCK_ENTITIES:
            return iter(())
        firsts = range(0, entities, BLOCK_ENTITIES)
        logs = (
            (
                first,
                self.generator.sample(min(BLOCK_ENTITIES, entities - first), streams, first, days, entities),
            )
            for first in firsts
        )
        blocks = ((log, self._owners(log, first).astype(np.int64)) for first, log in logs)
        return iter(balances_of_run(self.balance, blocks, entities, streams.under("balances")))

    def rows_of(self, log: EventLog, first: int, total: int, row: int, streams: Streams) -> pa.Table:
        """Return one block of entities as rows of the training table's columns.

        ``first`` of ``total`` entities is its first, ``row`` the number of rows before it; ``streams`` are
        those that it was sampled with.
        """
        entity = log.entity()
        two = TwoColumns.from_dict(self.data["two"]) if self.data.get("two") else None
        is_entity = self.data["partner_is_entity"]  # a block of a log cannot say it: its partners lie outside
        people, whose = self._people(log, first, total, streams)
        cells = []
        for name, field in zip(self.form.order, self.form.target, strict=True):
            if name == self.entity and log.turned is not None:
                cells.append(arrow_column(self._partners(log, total, self._owners(log, first)), field.type))
            elif name == self.entity:
                cells.append(self.form.new_ids[name].cells(first, log.count, field.type).take(entity))
            elif name in self.form.new_ids and name in log.entities:
                of_run = self.form.new_ids[name].cells(0, total, field.type)
                cells.append(of_run.take(self._owners(log, first)))
            elif name in self.form.new_ids and name != log.roles.partner:
                cells.append(self.form.new_ids[name].cells(row, log.events.rows, field.type))
            elif name in log.entities:
                cells.append(arrow_column(self.form.written(name, people[name].take(whose)), field.type))
            elif two is not None and name in (two.account, two.name):
                others = self._others(log, first, entity)
                whole = self._partners(log, total, others) if is_entity else log.events[two.account]
                remarks = log.events[two.name] if two.names is None else None
                inside = total if is_entity else 0
                found = (
                    two.accounts_of(whole) if name == two.account else two.names_of(whole, inside, remarks)
                )
                cells.append(arrow_column(found, field.type))
            elif name == log.roles.partner and is_entity:
                others = self._others(log, first, entity)
                cells.append(arrow_column(self._partners(log, total, others), field.type))
            else:
                cells.append(arrow_column(self.form.written(name, log.events[name]), field.type))
        if self.texts is not None:
            cells = self.texts.filled(cells, self.form.target, self.form.order, log, streams.under("texts"))
        found = pa.table(cells, schema=self.form.target)
        # Where rows stand newest first in the data, all of an account do here: its balances add up likewise.
        back = self.balance is not None and self.balance.how.back
        if self.data.get("newest_first") and not back:
            return found.take(_newest_first(log))
        return found.take(_backwards(log)) if back else found

    def _people(self, log: EventLog, first: int, total: int, streams: Streams) -> tuple[MixedTable, Array]:
        """Return attributes, and int64[n] whose each row has: those of the partner in turned rows."""
        if log.turned is None or not log.entities.columns or not isinstance(self.generator, HasTurnedRows):
            return log.entities, log.entity()
        return self.generator.attributes(total, streams), self._owners(log, first).astype(np.int64)

    def _others(self, log: EventLog, first: int, entity: Array) -> Array:
        """Return int32[n] the place of who is on the other side: in turned rows the entity's own."""
        others = log.events[str(log.roles.partner)].values
        if log.turned is None:
            return others
        return np.where(log.turned, first + entity, others).astype(np.int32)

    def _partners(self, log: EventLog, total: int, places: Array) -> MixedColumn:
        """Return the names at places: new identifiers of entities, and the words of those outside."""
        words = log.events[str(log.roles.partner)].words[total:]
        return MixedColumn(WORD, places, (*self.form.new_ids[self.entity].new(0, total), *words))

    def _owners(self, log: EventLog, first: int) -> Array:
        """Return int32[n] whose row each is: in turned ones the partner's."""
        if log.turned is None:
            return (first + log.entity()).astype(np.int32)
        partner = log.events[str(log.roles.partner)].values
        return np.where(log.turned, partner, first + log.entity()).astype(np.int32)


def _backwards(log: EventLog) -> Int1D:
    """Return the rows of a log with those of each entity the other way round."""
    return np.repeat(log.starts[1:] + log.starts[:-1] - 1, log.lengths()) - np.arange(log.events.rows)


def _newest_first(log: EventLog) -> Int1D:
    """Return the rows of a log with those of each entity by falling time, those of one time as they stand."""
    return np.asarray(np.lexsort((-log.times, log.entity())))


def fit_events(
    data: LearnedInput,
    choice: Choice,
    budget: Budget,
    streams: Streams,
    progress: Progress,
    of_purpose: bool = True,
) -> LearnedEvents:
    """Fit a body on the events of a table; without a name the one that knows held-out entities best.

    ``of_purpose`` : a category or purpose may be a text made of other cells; not where its words tell
    something to who samples.
    """
    # An epsilon pays for all that is learned: there a balance stays a number of the row, and names of
    # accounts are no part of the model.
    is_private = "epsilon" in choice.settings
    data, texts = (data, None) if is_private else without_texts(data, streams.under("texts"), of_purpose)
    ledger = ledger_of(data, both=not is_private)
    log, balance, said_of = (ledger.log, None, ()) if is_private else without_balance(ledger.log)
    generator, why = chosen_body(log, choice, budget, streams, progress)
    if generator.report.privacy is not None:
        said = private_facts(data, ledger.log.count, ledger_remark(ledger.log))
        keys = (*data.keys, str(data.roles.id))
        said = {**said, "choice": why, "partner_is_entity": ledger.log.partner_is_entity}
        form = private_form(data, keys)
        return LearnedEvents(generator, form, str(data.roles.id), said, None, ledger.sides)
    form = _form(data, ledger)
    found = generator.remarks() if isinstance(generator, HasRemarks) else ()
    read_as = (
        *data.remarks,
        *data.row_remarks,
        *ledger.remarks,
        *said_of,
        *(texts.told() if texts else ()),
        *plain_remarks(form.new_ids),
        *(
            f"{name}: each entity has its own, made anew"
            for name in ledger.log.entities.columns
            if name in form.new_ids
        ),
        *found,
    )
    facts = {**data.facts, "read_as": "; ".join(read_as), "choice": why,
             "entities": ledger.log.count, "events": ledger.log.events.rows,
             "partner_is_entity": ledger.log.partner_is_entity,
             "two": None if ledger.two is None else ledger.two.to_dict()}  # fmt: skip
    if ledger.newest_first:
        facts["newest_first"] = True
    return LearnedEvents(generator, form, str(data.roles.id), facts, balance, ledger.sides, texts)


def tells_apart(column: MixedColumn) -> bool:
    """Tell whether a word of entities is another one for each, so that it is made anew like an identifier."""
    there = column.values[column.values >= 0] if column.kind == WORD else column.values[:0]
    return len(there) >= LEAST_NUMBERED and len(np.unique(there)) == len(there) == len(column.values)


def _form(data: LearnedInput, ledger: Ledger) -> OutputForm:
    forms = {name: IdForm.of_cells(data.table[name]) for name in data.keys}
    apart = {
        name: IdForm.of([column.words[code] for code in column.values])
        for name, column in ledger.log.entities.columns.items() if tells_apart(column)
    }  # fmt: skip
    forms |= {name: form for name, form in apart.items() if not form.is_plain}
    target = data.target
    taken: tuple[str, ...] = ()
    partner = ledger.log.roles.partner
    is_entity = ledger.log.partner_is_entity
    if partner is not None and (is_entity or holds_accounts(data, partner)):
        taken = ledger.log.events[partner].words  # no new account is one that is paid
    if partner is not None and is_entity:
        at = data.order.index(partner)
        if pa.types.is_integer(target.field(at).type):  # it holds new identifiers, any number of them
            target = target.set(at, target.field(at).with_type(pa.int64()))
    return OutputForm.of(data, {**forms, str(data.roles.id): IdForm.of(ledger.entities, taken)}, target)
