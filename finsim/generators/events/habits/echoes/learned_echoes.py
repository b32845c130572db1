"""``Echoes``: what was learned of rows that answer rows, and the log without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from finsim.generators.events.habits.echoes.answer_words import ANY, telling_words
from finsim.generators.events.habits.echoes.answering_rows import (
    LONGEST,
    NANOS_PER_DAY,
    NONE,
    REACHES,
    Sides,
    answered,
    larger_before,
)
from finsim.generators.events.habits.echoes.companion_law import CompanionLaw, with_companions
from finsim.generators.events.habits.echoes.companion_rows import MOST_FACTS
from finsim.generators.events.habits.echoes.echo_law import (
    AS_BEFORE,
    AT_ITS_HOUR,
    SIDE,
    Block,
    EchoLaw,
    Shares,
    answered_numbers,
    kinds_of,
    with_answers,
    word_columns,
    words_of,
)
from finsim.generators.events.habits.echoes.fee_facts import MOST_FEES
from finsim.generators.events.habits.echoes.known_companions import told_companions
from finsim.generators.events.habits.echoes.learned_companions import learn_companions
from finsim.generators.events.habits.echoes.second_sides import LEAST, MOST_CHANCE, Pairs, second_sides
from finsim.generators.events.stored_arrays import arrays_of, item_of
from finsim.notation import Array, Bool1D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD

MOSTLY = 0.6
"""Share of the rows of a word that answer earlier ones, those that chance lets less, from which on the word
is of answers (assumption)."""
WEIGHT = 5.0
"""Rows by which the rate of a word is drawn towards that of all (assumption)."""
CLOCKS = 0.1
"""Hours of the day of same-day answers, to their waits, up to which they come at their hour (assumption)."""
OF_ENTITY, AS_PAIR = 0.95, 0.9
"""Share of rows with the usual cell of their entity that make a column the entity's, and share of answers
that repeat the cell from which on it may be written into the partner's rows (assumptions)."""


@dataclass(frozen=True)
class Echoes:
    """Laws of answers in the entity's own rows, then in those of its partner, by how late they come.

    ``mirror``: the law of second sides, of every row so far. ``sides`` as in ``sides_of``. ``companions``:
    laws of rows that come with others, in the order in which they were found.
    """

    answers: tuple[EchoLaw, ...] = ()
    mirror: EchoLaw | None = None
    sides: int = 1
    companions: tuple[CompanionLaw, ...] = ()

    @property
    def turns_rows(self) -> bool:
        """Whether some answers are rows of the counterparty."""
        return any(law.turned for law in self._all().values())

    def remarks(self, log: EventLog) -> tuple[str, ...]:
        """Return what rows come with others, in words; ``log`` has the columns."""
        return tuple(text for law in self.companions for text in told_companions(law, log))

    def _addresses(self) -> list[tuple[int, ...]]:
        """Return the address of each law: whether its rows are turned, and its place among those."""
        found: list[tuple[int, ...]] = []
        for k, law in enumerate(self.answers):
            before = sum(one.turned == law.turned for one in self.answers[:k])
            found.append((int(law.turned), before) if before else (int(law.turned),))
        return found

    def _all(self) -> dict[str, EchoLaw]:
        found = {f"echo.{k}": law for k, law in enumerate(self.answers)}
        return found if self.mirror is None else {**found, "echo.mirror": self.mirror}

    def arrays(self) -> dict[str, Array]:
        """Return all arrays by name; none where nothing was found."""
        found: dict[str, Array] = {"echo.sides": np.array([self.sides])} if self._all() else {}
        for name, law in self._all().items():
            found.update(arrays_of(name, law))
        for k, one in enumerate(self.companions):
            found.update(arrays_of(f"companions.{k}", one))
        return found

    @classmethod
    def restored(cls, arrays: Mapping[str, Array]) -> Echoes:
        """Return what ``arrays`` wrote."""
        count = next(k for k in range(MOST_FACTS + MOST_FEES + 1) if f"companions.{k}.leads" not in arrays)
        found = tuple(item_of(CompanionLaw, f"companions.{k}", arrays) for k in range(count))
        if "echo.sides" not in arrays:
            return cls(companions=found)
        laws = [f"echo.{k}" for k in range(2 * len(REACHES))]
        answers = [_law_of(one, arrays) for one in laws if f"{one}.turned" in arrays]
        mirror = _law_of("echo.mirror", arrays) if "echo.mirror.turned" in arrays else None
        return cls(tuple(answers), mirror, int(arrays["echo.sides"][0]), found)

    def of_rows(self, block: Block, log: EventLog, streams: Streams) -> Block:
        """Return sampled rows with their answers, rows that come with them, then the second sides of all."""
        if self.answers:
            words = [streams.word("answers", *address) for address in self._addresses()]
            block = with_answers(block, log.roles, list(self.answers), words, self.sides)
        for k in range(len(self.companions))[::-1]:  # the last found had the rows that those before left
            word = streams.word("companions", k)
            block = with_companions(block, log.roles, self.companions[k], word, log.begin)
        if self.mirror is not None:
            block = with_answers(block, log.roles, [self.mirror], [streams.word("mirror")], self.sides)
        return block


def _law_of(prefix: str, arrays: Mapping[str, Array]) -> EchoLaw:
    """Return a law; in models of before no words tell answers, sums bear no fee, numbers are as before."""
    nothing = {f"{prefix}.told": np.full_like(arrays[f"{prefix}.cells"], ANY)}
    count = len(arrays[f"{prefix}.lag"])
    nothing |= {f"{prefix}.{name}": np.zeros(count) for name in ("less", "step")}
    nothing |= {
        f"{prefix}.numbers": np.zeros((count, 0)),
        f"{prefix}.as_number": np.ones((count, 0), np.bool_),
    }
    return item_of(EchoLaw, prefix, {**nothing, **arrays})


NO_ECHOES = Echoes()


def learn_echoes(log: EventLog) -> tuple[EventLog, Echoes]:
    """Return the log without rows that answer others, and what was learned of them.

    Second sides of transfers go first: they are found where two entities have the same payment at one time.
    Then rows that come with others, and answers to what is left.
    """
    kept = np.ones(log.events.rows, dtype=np.bool_)
    sides = Sides.of(log)
    if sides is None:
        beside = learn_companions(log, kept)
        return (log_of_rows(log, kept), Echoes(companions=beside)) if beside else (log, NO_ECHOES)
    count = int(sides.side.max()) + 1
    mirror = _mirror(log, sides, count, kept)
    beside = learn_companions(log, kept)
    found = []
    for turned in (False, True) if log.partner_is_entity else (False,):
        found += _laws(log, sides, turned, count, kept)
    echoes = Echoes(tuple(found), mirror, count, beside)
    return (log, NO_ECHOES) if kept.all() else (log_of_rows(log, kept), echoes)


def log_of_rows(log: EventLog, kept: Bool1D) -> EventLog:
    """Return the log with some of its rows."""
    before = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
    return replace(log, events=log.events.take(kept), starts=before[log.starts])


def _mirror(log: EventLog, sides: Sides, count: int, kept: Bool1D) -> EchoLaw | None:
    """Return the law of second sides, whose rows are struck from ``kept``; None where few rows have one."""
    if not sides.between_entities().any():
        return None
    pairs = second_sides(sides, count)
    if pairs is None:
        return None
    may = np.flatnonzero(sides.between_entities() & (sides.side == pairs.side))
    law = _bank(log, sides, (pairs.one, pairs.two), _fees(pairs, sides), may, True, count)
    if law is None:
        return None
    kept[pairs.two] = False
    wait = sides.time[pairs.two] - sides.time[pairs.one]
    # Those that all come within hours wait, over midnight too; else they are booked at a time of a later day.
    return replace(law, lag=wait) if pairs.reach < NANOS_PER_DAY else law


def _fees(pairs: Pairs, sides: Sides) -> Shares:
    """Return how second sums follow from first ones; by what is off where the first is the rounded one."""
    laws = pairs.laws
    off = sides.size[pairs.one] - sides.size[pairs.two]
    rounded = np.array([one.back for one in laws])[pairs.law]
    share, less, step = (
        np.array([getattr(one, name) for one in laws])[pairs.law] for name in ("share", "less", "step")
    )
    return Shares(share, np.where(rounded, off, less), np.where(rounded, 0.0, step), pairs.law)


@dataclass(frozen=True)
class _Search:
    """Rows int64[m] that are left and their moves, which row each answers and would in time run back (-1).

    ``kinds``: by the side alone, and by each column of words, the kind int64[m].
    """

    rows: Int1D
    sides: Sides
    before: Int1D
    after: Int1D
    kinds: tuple[Int1D, ...]

    @classmethod
    def of(cls, log: EventLog, sides: Sides, turned: bool, count: int, kept: Bool1D) -> _Search:
        """Return the search among the rows ``kept`` bool[n]."""
        rows = np.flatnonzero(kept)
        some, names = sides.take(rows), list(log.events.columns)
        columns = [SIDE, *(names.index(one) for one in word_columns(log.events, log.roles))]
        kinds = [kinds_of(log.events, log.roles, column, count)[rows] for column in columns]
        return cls(rows, some, *answered(some, turned), tuple(kinds))


def _laws(log: EventLog, sides: Sides, turned: bool, count: int, kept: Bool1D) -> list[EchoLaw]:
    """Return the laws of later answers, those of the longest reach first; struck from ``kept``."""
    found: list[EchoLaw] = []
    search = _Search.of(log, sides, turned, count, kept)
    for reach in REACHES:
        law = _law(log, sides, turned, count, kept, (search, reach))
        if law is not None:
            found.append(law)
            search = _Search.of(log, sides, turned, count, kept)
    return found


def _law(
    log: EventLog, sides: Sides, turned: bool, count: int, kept: Bool1D, asked: tuple[_Search, int]
) -> EchoLaw | None:
    """Return the law of answers of a search within a reach in days; None where there is none."""
    search, reach = asked
    rows, some = search.rows, search.sides
    found = _answering(search, reach)
    if found is None:
        return None
    is_answer, before = found
    later = np.flatnonzero(is_answer & (before >= 0))
    earlier = before[later]
    share = np.ones(len(later))
    may = ~is_answer & np.isin(some.side, np.unique(some.side[earlier]))
    # Where nobody is named, any larger payment of the account would do for a part of one.
    in_part = some.named and reach == LONGEST
    open_ = np.flatnonzero(is_answer & (before < 0) & (some.size > 0) & in_part)
    part = larger_before(some, open_, may, turned)
    chance = larger_before(some, open_, may, turned, back=True)
    if (part >= 0).sum() - (chance >= 0).sum() > MOSTLY * (part >= 0).sum():
        there = part >= 0
        later, earlier = np.append(later, open_[there]), np.append(earlier, part[there])
        share = np.append(share, some.size[open_[there]] / some.size[part[there]])
    fine = np.isin(earlier, np.flatnonzero(may))
    later, earlier, share = later[fine], earlier[fine], share[fine]
    if len(later) < LEAST:
        return None
    if turned:
        may &= some.between_entities()
    law = _bank(log, sides, (rows[earlier], rows[later]), Shares.of(share), rows[may], turned, count)
    if law is not None:
        kept[rows[later]] = False
    return law


def _answering(search: _Search, reach: int) -> tuple[Bool1D, Int1D] | None:
    """Return bool[m], rows with a word that answers have, and int64[m] which row each answers, -1 for none.

    None where no word tells answers within ``reach`` days. A column's words count together with the side of a
    row. What would be answers in time run back is chance.
    """
    time, longest = search.sides.time, reach * NANOS_PER_DAY
    hit, hit_back = (
        (one >= 0) & (np.abs(time - time[one]) <= longest) for one in (search.before, search.after)
    )
    best, found = 0.0, None
    for kind in search.kinds:
        rows, hits, chance = np.bincount(kind), np.bincount(kind, hit), np.bincount(kind, hit_back)
        good = (hits >= LEAST) & (hits - chance >= MOSTLY * rows) & (chance <= MOST_CHANCE * hits)
        net = float((hits - chance)[good].sum())
        if net > best:
            best, found = net, good[kind]
    return None if found is None else (found, np.where(hit, search.before, NONE))


def _bank(
    log: EventLog,
    sides: Sides,
    pairs: tuple[Int1D, Int1D],
    shares: Shares,
    may: Int1D,
    turned: bool,
    count: int,
) -> EchoLaw | None:
    """Return the law of pairs (answered row, answer); ``may`` are the rows that could be answered.

    None where answers in the partner's rows have words of entities, which a row of the partner cannot show.
    """
    one, two = pairs
    words = word_columns(log.events, log.roles)
    cells = np.empty((len(one), len(words)), np.int32)
    for k, name in enumerate(words):
        column = log.events[name].values
        same = column[one] == column[two]
        if turned and same.mean() < AS_PAIR and _is_of_entity(log, name):
            return None
        cells[:, k] = np.where(same, AS_BEFORE, column[two])
    wait = sides.time[two] - sides.time[one]
    days = (sides.time[two] // NANOS_PER_DAY - sides.time[one] // NANOS_PER_DAY) * NANOS_PER_DAY
    same_clock = wait % NANOS_PER_DAY == 0
    lag = np.where(same_clock | (days == 0), wait, days)
    same_day = days == 0
    if len(np.unique(sides.time[two[same_day]] % NANOS_PER_DAY)) <= CLOCKS * len(np.unique(wait[same_day])):
        lag[same_day & ~same_clock] = AT_ITS_HOUR
    amount = log.part("amount")
    assert amount is not None
    sign = np.sign(amount[one]) * np.sign(amount[two])
    told_by, rate, kind = _rates(log, sides, one, wait, may, count)
    of_pair = kind[one]
    said = np.column_stack([cells, days // NANOS_PER_DAY, shares.law])
    order = np.argsort(of_pair, kind="stable")
    return EchoLaw(
        turned, told_by, rate, lag.astype(np.int64), sides.time[two] % NANOS_PER_DAY, same_clock,
        shares.share * sign, of_pair, cells, order, np.searchsorted(of_pair[order], np.arange(len(rate) + 1)),
        telling_words(words_of(log.events, log.roles, one), said, of_pair), shares.less, shares.step,
        *answered_numbers(log.events, log.roles, one, two, may),
    )  # fmt: skip


def _rates(
    log: EventLog, sides: Sides, one: Int1D, wait: Int1D, may: Int1D, count: int
) -> tuple[int, Array, Int1D]:
    """Return the column whose words tell best which rows are answered, the rate of each kind, the kinds.

    A row near the end counts for as much as answers come until then.
    """
    waits = np.sort(wait)
    seen = np.searchsorted(waits, log.end - sides.time[may], "left") / len(waits)
    is_answered = np.zeros(log.events.rows)
    is_answered[one] = 1.0
    names = list(log.events.columns)
    best, found = -np.inf, (SIDE, np.zeros(count))
    kinds = np.zeros(log.events.rows, np.int64)
    for column in [SIDE, *(names.index(name) for name in word_columns(log.events, log.roles))]:
        kind = kinds_of(log.events, log.roles, column, count)
        size = int(kind.max()) + 1
        if column != SIDE:
            size = (len(log.events[names[column]].words) + 1) * count
        hits, base = np.bincount(kind[may], is_answered[may], size), np.bincount(kind[may], seen, size)
        usual = hits.sum() / max(base.sum(), 1.0)
        rate = np.where(hits > 0, (hits + WEIGHT * usual) / (base + WEIGHT), 0.0).clip(0.0, 1.0)
        inner = rate.clip(1e-9, 1 - 1e-9)
        gain = float((hits * np.log(inner) + (base - hits) * np.log1p(-inner)).sum())
        gain -= 0.5 * float(np.log(max(len(may), 2)) * (base > 0).sum())
        if gain > best:
            best, found, kinds = gain, (column, rate), kind
    return *found, kinds


def _is_of_entity(log: EventLog, name: str) -> bool:
    """Tell whether rows of an entity mostly have one word of a column, and entities differ."""
    column = log.events[name]
    if column.kind != WORD or not len(column.words):
        return False
    wide = len(column.words) + 1
    key = log.entity() * wide + column.values + 1
    keys, rows = np.unique(key, return_counts=True)
    usual = np.zeros(log.count)
    np.maximum.at(usual, keys // wide, rows)
    common = np.bincount(column.values + 1).max() / len(key)
    return bool(usual.sum() >= OF_ENTITY * len(key) and common < OF_ENTITY)
