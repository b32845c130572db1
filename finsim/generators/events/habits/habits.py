"""``Habits``: the semi-parametric body of payments."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from finsim.errors import FitError
from finsim.generators.events.habits.amounts import knots
from finsim.generators.events.habits.cells.linked_numbers import learn_links, with_links
from finsim.generators.events.habits.cells.open_days import learn_open_days, on_open_days, with_open_waits
from finsim.generators.events.habits.echoes.echo_law import Block
from finsim.generators.events.habits.echoes.learned_echoes import learn_echoes
from finsim.generators.events.habits.generations import Dealt
from finsim.generators.events.habits.known.losses import entity_losses
from finsim.generators.events.habits.known.marked_words import OwnKind, learn_own, marked, own_codes
from finsim.generators.events.habits.known.private_words import outer_form, without_private, words_digest
from finsim.generators.events.habits.known.sampled_words import sampled_words, with_twins
from finsim.generators.events.habits.known.words_of_new import own_losses, with_own_words
from finsim.generators.events.habits.learned import Learned, learn
from finsim.generators.events.habits.ledger import DAY
from finsim.generators.events.habits.living import Wanted, donors_of, lived
from finsim.generators.events.habits.profiles import new_attributes
from finsim.generators.events.habits.rows_of_lives import laws_and_scores, live
from finsim.generators.events.habits.sides.signed_amounts import side_column, with_side, with_signs
from finsim.generators.events.habits.sorts_of_entities import sorts_of
from finsim.generators.events.habits.standing.draws import Window
from finsim.generators.events.habits.standing.hands import Hand
from finsim.generators.events.habits.standing.standing import (
    MILLI,
    Asked,
    Standing,
    learn_standing,
    with_standing,
    without_standing,
)
from finsim.generators.events.log_state import log_arrays, log_facts, restored_log, without_events
from finsim.generators.events.requests import check_log, check_sample
from finsim.generators.generator import Budget, FitReport, Progress, State
from finsim.generators.settings_parsing import read_settings, write_settings
from finsim.notation import Float1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import MixedColumn, MixedTable, joined

BLOCK = 4_096
ROWS, MOST_GENERATIONS = 200_000, 4
"""Rows that are sampled about, in at most so many generations (assumption)."""
LEAST = 150
"""Scores of a law that tell its own map; below it has that of all (assumption)."""
OF_LIFE = 8
"""More than there are classes of lives."""


class Habits:
    """Profiles of entities between those of neighbours; calendar, silences, payees, amounts with memory.

    No network: learned by counting, sampled by kernels. A new entity is never a learned one: its life lies
    between two, its payees come from a neighbourhood. Source: own; the parts name theirs.
    """

    name: ClassVar[str] = "habits"

    @dataclass(frozen=True)
    class Settings:
        """Nothing to set: what there is to choose, the data choose."""

    def __init__(
        self, settings: Settings, log: EventLog, known: Learned, report: FitReport,
        standing: Standing | None = None, own: tuple[OwnKind, ...] = (),
    ):  # fmt: skip
        """Hold the columns of a log (no events), and what was learned of it."""
        self.settings, self.log, self.known, self.report = settings, log, known, report
        self.standing, self.later, self.own = standing, 0, own
        self._hands: dict[tuple[int, int], Hand] = {}
        self._attributes: dict[tuple[int, int], MixedTable] = {}  # of the last run
        self._dealt: Dealt = {}  # the last generation, for calls that sample it in parts

    @classmethod
    def refuse(cls, data: EventLog, settings: Settings) -> None:
        """Raise FitError for a log without events, or with times of events that lack."""
        check_log(data)

    @classmethod
    def fit(
        cls, data: EventLog, settings: Settings, streams: Streams, budget: Budget, progress: Progress
    ) -> Self:
        """Learn by counting; the budget is not needed."""
        cls.refuse(data, settings)
        started = time.process_time()
        open_days = learn_open_days(data)
        side, links = side_column(data), learn_links(data)
        data = with_side(data, side)
        own = learn_own(data, streams.under("own words"))
        homes, data = own_codes(data, own), marked(data, own)
        public = with_open_waits(without_private(data, streams.under("private")), open_days)
        alone, echoes = learn_echoes(public)
        ordinary, series = without_standing(alone)
        # Without ordinary rows the calendar of all rows stands in, and none comes out.
        ordinary = ordinary if ordinary.events.rows else alone
        known = learn(ordinary, streams, homes, sorts_of(public))
        known = replace(
            with_score_maps(known, ordinary, streams.under("maps")), echoes=echoes, open_days=open_days
        )
        standing = None
        if series is not None:
            alike = known.parts.links.group * OF_LIFE + known.parts.law.kind + 1
            standing = learn_standing(alone, series, alike, streams.under("standing"))
        named = {
            **known.ledger_facts,
            "words": words_digest(data),
            "outer": outer_form(data),
            "side": side,
            **links,
        }
        known = replace(known, ledger_facts=named)
        progress(1.0, f"{data.count} entities, {data.events.rows} events")
        report = FitReport(cpu_seconds=time.process_time() - started)
        partner = data.roles.partner
        taken = () if partner is None else data.events[partner].words
        named_log = with_twins(known, without_events(public), taken, streams)
        return cls(settings, named_log, known, report, standing, tuple(own))

    def sample(
        self, count: int, streams: Streams, first: int = 0, days: int | None = None, total: int | None = None
    ) -> EventLog:
        """Return new entities; see the contract."""
        whole = check_sample(count, first, days, total)
        learned_days = int(self.known.ledger_facts["days"])
        period = learned_days if days is None else days
        end = (
            self.log.end if period == learned_days else int(self.known.ledger_facts["origin"]) + period * DAY
        )
        tables, attributes, sizes, turned = [], [], [np.zeros(1, np.int64)], [np.zeros(0, np.bool_)]
        for start in range(first, first + count, BLOCK):
            number = np.arange(start, min(start + BLOCK, first + count))
            events, starts, donor = live(
                self.known, self.log, Wanted(number, period, whole), streams, self._dealt
            )
            if self.standing is not None:
                asked = Asked(start, whole, self._window(period, end))
                lived = events, starts
                events, starts = with_standing(
                    self.standing, self.known.parts.links, self.log, lived, asked, streams, self._hands
                )
            block = Block(events, starts, np.zeros(events.rows, np.bool_), number, end, whole)
            block = self.known.echoes.of_rows(block, self.log, streams.under("echoes"))
            tables.append(on_open_days(block.table, self.log.roles, self.known.open_days))
            sizes.append(np.diff(block.starts))
            turned.append(block.turned)
            attributes.append(new_attributes(self.log.entities, donor, number, streams))
        if not tables:
            tables, attributes = [self._no_events(whole)], [self.log.entities.take(slice(0, 0))]
        starts = np.cumsum(np.concatenate(sizes)).astype(np.int64)
        together = self.log.partner_is_entity and first == 0 and whole == count
        flags = np.concatenate(turned)
        events = with_signs(joined(tables), str(self.log.roles.amount), self._side)
        roles = replace(self.log.roles, direction=None) if self._side else self.log.roles
        found = EventLog(
            events, starts, joined(attributes), roles, self.log.begin, end, together,
            flags if flags.any() else None,
        )  # fmt: skip
        links = self.known.ledger_facts.get("links", ())  # models of before have none
        found = with_links(found, links, first, streams.under("links"))
        insiders = whole if self.log.partner_is_entity else 0
        return with_own_words(found, self.own, (first, whole, insiders), streams)

    def attributes(self, total: int, streams: Streams) -> MixedTable:
        """Return the attributes of all entities of a run; see ``HasTurnedRows``."""
        key = streams.word("lives"), total
        if key not in self._attributes:
            donor = donors_of(self.known, self.log, total, streams)
            found = new_attributes(self.log.entities, donor, np.arange(total), streams)
            self._attributes = {key: found}
        return self._attributes[key]

    @property
    def turns_rows(self) -> bool:
        """Whether samples hold rows of the counterparty; see ``HasTurnedRows``."""
        return self.known.echoes.turns_rows

    def remarks(self) -> tuple[str, ...]:
        """Return what was found in the log, in words; see ``HasRemarks``."""
        sizes = np.bincount(self.known.parts.links.sort)
        sorts = " and ".join(f"{size:,}" for size in sorted(sizes.tolist(), reverse=True))
        told = (f"entities are of {len(sizes)} sorts ({sorts}) that never pay alike: new ones mix none",)
        return (*(told if len(sizes) > 1 else ()), *self.known.echoes.remarks(self.log))

    @property
    def _side(self) -> str:
        """The column of directions that signs of amounts were learned as; models of before have none."""
        return str(self.known.ledger_facts.get("side", ""))

    def in_months(self, later: int) -> Self:
        """Return habits whose standing payments follow the months of so many days later; see the contract."""
        found = type(self)(self.settings, self.log, self.known, self.report, self.standing, self.own)
        found.later = later
        return found

    def _window(self, period: int, end: int) -> Window:
        origin = int(self.known.ledger_facts["origin"])
        learned = origin + int(self.known.ledger_facts["days"]) * DAY
        grid = 0 if self.known.ledger_facts["is_dated"] else max(self.known.parts.clock.grid, MILLI)
        step = self.log.events[str(self.log.roles.amount)].step
        return Window(self.log.begin, end, learned, grid, step, self.later)

    def _no_events(self, total: int) -> MixedTable:
        partner = self.log.roles.partner
        if partner is None:
            return self.log.events
        column: MixedColumn = replace(
            self.log.events[partner], words=sampled_words(self.known, self.log, total)
        )
        return self.log.events.with_columns({partner: column})

    def entity_losses(self, log: EventLog, streams: Streams) -> Float1D:
        """Return nats per event of every entity; see ``losses.py`` for what is integrated out."""
        log = with_side(with_open_waits(log, self.known.open_days), self._side)
        told = own_losses(log, self.own) / np.maximum(log.lengths(), 1)
        return np.asarray(told + self._losses(marked(log, self.own)))

    def _losses(self, log: EventLog) -> Float1D:
        """Return nats per event beside those of own words, which are marked."""
        if self.standing is None:
            return entity_losses(self.known, self.log, log)
        ordinary, nats = self.standing.split_losses(log)
        if not ordinary.events.rows:
            return np.asarray(nats / np.maximum(log.lengths(), 1))
        rest = entity_losses(self.known, self.log, ordinary)
        return np.asarray((rest * ordinary.lengths() + nats) / np.maximum(log.lengths(), 1))

    def state(self) -> State:
        """Return profiles, laws, and the columns and entities of the log."""
        arrays = {**self.known.arrays(), **log_arrays(self.log)}
        facts = {"settings": write_settings(self.settings), "log": log_facts(self.log), **self.known.facts()}
        if self.own:
            facts["own"] = [kind.facts() for kind in self.own]
            for k, kind in enumerate(self.own):
                arrays.update(kind.arrays(f"own.{k}"))
        if self.standing is not None:
            arrays.update(self.standing.arrays())
            facts["standing"] = self.standing.facts()
        return State(arrays, facts)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore the habits; raises FitError when a part lacks."""
        try:
            log = restored_log(state.facts["log"], state.arrays)
            known = Learned.restored(state.arrays, state.facts, log)
            has = "standing" in state.facts  # ledgers without standing payments, and models of before
            standing = Standing.restored(state.arrays, state.facts["standing"]) if has else None
            heads = enumerate(state.facts.get("own", ()))  # models of before have none
            own = tuple(OwnKind.restored(one, f"own.{k}", state.arrays) for k, one in heads)
        except (KeyError, TypeError, ValueError, IndexError) as bad:
            raise FitError(f"the habits do not fit together: {bad}", place="habits") from None
        return cls(read_settings(cls, state.facts["settings"]), log, known, FitReport(), standing, own)


def with_score_maps(known: Learned, log: EventLog, streams: Streams) -> Learned:
    """Return what was learned with the maps of scores, so that each law of amounts comes out whole.

    They are those of lives sampled as new ones will be. Scores of new entities lie elsewhere than those of
    the learned ones: a law in which one entity has most rows would be stretched around that entity, and all
    others would pay its extremes.
    """
    count = len(known.parts.links.order)
    if log.roles.amount is None or not count:
        return known
    per_entity = max(log.events.rows / count, 1e-9)
    entities = int(np.clip(ROWS / per_entity, 1, MOST_GENERATIONS * count))
    days = int(known.ledger_facts["days"])
    law, score = [], []
    for first in range(0, entities, count):
        number = np.arange(first, min(first + count, entities))
        wanted = Wanted(number, days, MOST_GENERATIONS * count)
        found = laws_and_scores(known, log, lived(known, log, wanted, streams, {}))
        law.append(found[0])
        score.append(found[1])
    laws, scores = np.concatenate(law), np.concatenate(score)
    amounts = known.parts.amounts
    maps = np.tile(knots(scores), (len(amounts.laws), 1)) if len(scores) else amounts.maps
    order = np.argsort(laws, kind="stable")
    starts = np.searchsorted(laws[order], np.arange(len(amounts.laws) + 1))
    for k in np.flatnonzero(np.diff(starts) >= LEAST):
        maps[k] = knots(scores[order[starts[k] : starts[k + 1]]])
    return replace(known, parts=replace(known.parts, amounts=replace(amounts, maps=maps)))
