"""Put schemes into a table of the user's own payments: two passes over the table, one new folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from finsim.agents.narratives.narrative import Narrative, load_narratives
from finsim.agents.narratives.narrative_needs import Carried, carried
from finsim.engine.injection.accounts.companions import companions
from finsim.engine.injection.accounts.fee_columns import fee_columns
from finsim.engine.injection.accounts.lacking_columns import remedy
from finsim.engine.injection.accounts.merchant_hours import MerchantHours
from finsim.engine.injection.accounts.merchant_words import merchant_words
from finsim.engine.injection.accounts.other_sides import OtherSides
from finsim.engine.injection.accounts.related_times import RelatedTimes
from finsim.engine.injection.accounts.rows_alike import rows_alike
from finsim.engine.injection.accounts.transfer_words import TransferWords, transfer_words
from finsim.engine.injection.added_rows import LABEL_FIELDS, Added, added_rows, pattern_table
from finsim.engine.injection.entity_histories import Histories, histories
from finsim.engine.injection.fitting_shops import ShopHabits
from finsim.engine.injection.following.following import Following, with_balances
from finsim.engine.injection.following.linked_sums import with_linked_sums
from finsim.engine.injection.following.owned_cells import with_owned_cells
from finsim.engine.injection.following.second_days import with_second_days
from finsim.engine.injection.ledger_clock import ledger_clock
from finsim.engine.injection.ledger_columns import SINGLE, LedgerColumns, ledger_columns
from finsim.engine.injection.ledger_population import LEAST_ENTITIES, LedgerPopulation, ledger_population
from finsim.engine.injection.ledger_rows import Ledger
from finsim.engine.injection.ledger_sample import LedgerSample, sample_ledger
from finsim.engine.injection.local_clock import to_wall
from finsim.engine.injection.merging import Places, merged, places
from finsim.engine.injection.money.amount_steps import amount_steps
from finsim.engine.injection.money.ledger_currencies import ledger_currencies
from finsim.engine.injection.money.money_laws import MoneyLaws
from finsim.engine.injection.own_flag import OwnFlag, own_flag
from finsim.engine.injection.places.local_shops import local_shops
from finsim.engine.injection.remarks import by_night, lowered, of_the_table, short_of, strange, widened
from finsim.engine.injection.row_templates import templates
from finsim.engine.injection.scheme_planning import (
    PlannedScheme,
    World,
    planned_schemes,
)
from finsim.engine.injection.texts.made_texts import MadeTexts
from finsim.errors import DataError, Problem, StudyError
from finsim.evaluation.added_rows.column_codes import column_codes, words_of
from finsim.evaluation.added_rows.separation import Separation, separation
from finsim.evaluation.added_rows.unseen_pairs import unseen_pairs
from finsim.evaluation.added_rows.usual_words import usual_words
from finsim.evaluation.reading.declared import declared_of, opened
from finsim.notation import Int1D
from finsim.randomness import Streams
from finsim.records.storage import write_table
from finsim.tables import Schema, TableSource, open_table
from finsim.tables.cells.told_money import telling
from finsim.tables.direction_words import refuse_no_directions
from finsim.tables.learning.absent_columns import absent_words
from finsim.tables.proposing.text_columns import NULL_WORDS

Progress = Callable[[str, int, int], None]
_JUDGED_ROWS = 20_000
_STEPS = 4


@dataclass(frozen=True)
class Injected:
    """What was put into a table; the tables are in ``folder``.

    ``rows`` real rows, ``added`` added ones, ``entities`` of the table; ``schemes`` and ``added_by`` per
    narrative; ``separations`` what gives the added rows away.
    """

    folder: Path
    rows: int
    added: int
    entities: int
    schemes: dict[str, int]
    added_by: dict[str, int]
    separations: tuple[Separation, ...]
    remarks: tuple[str, ...]

    @property
    def transactions(self) -> Path:
        """The file of all rows."""
        return self.folder / "transactions.parquet"

    @property
    def patterns(self) -> Path:
        """The file of schemes."""
        return self.folder / "patterns.parquet"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "output": str(self.folder), "rows": self.rows, "added": self.added, "entities": self.entities,
            "prevalence": self.added / (self.rows + self.added),
            "narratives": [
                {"narrative": name, "schemes": count, "rows": self.added_by[name]}
                for name, count in self.schemes.items()
            ],
            "given_away_by": [one.to_dict() for one in self.separations],
            "remarks": list(self.remarks),
        }  # fmt: skip


def inject(
    data: Any, names: Sequence[str], folder: Path, schema: Schema | None, *, rate: float | None = None,
    seed: int = 0, progress: Progress,
) -> Injected:  # fmt: skip
    """Put schemes of narratives into a table and write it, labelled, into a new folder.

    Raises NarrativeError for unknown narratives, DataError for a table that cannot be used, StudyError for
    narratives that need what the table does not know, all of them at once, before anything is written.
    """
    if folder.exists():
        raise StudyError("the output exists", place=str(folder), remedy="choose another folder with -o")
    stories = load_narratives(names)
    source = _opened(data, schema)
    ledger = Ledger(*source)
    streams = Streams(seed)
    progress("reading the table", 0, _STEPS)
    written = sample_ledger(ledger, streams.word("inject", "sample"))
    texts = MadeTexts.of(written, ledger, streams.under("inject"))
    sample, local = texts.sample, texts.sample.on_its_clock()
    said = ledger.columns.parts.get("direction")
    if said is not None and said.field.role == "direction":
        refuse_no_directions(sample.cells.column(said.at), ledger.source.place, said.header)
    past = histories(local, ledger.columns)
    beside = companions(local, past, ledger.columns)
    counted = beside.lends if beside else None
    people = ledger_population(local, past, ledger.columns, ledger.scale, counted)
    _refuse_nought(sample, ledger)
    flag = own_flag(sample.cells, ledger.columns, ledger.source.place)
    told = _carried(stories, people, ledger)
    progress("planning schemes", 1, _STEPS)
    used, daily = people.used(past), ledger.columns.is_daily
    # A row that comes with another is no payment of its own: its sum and hour tell of no other.
    alone = past if beside is None else replace(past, outgoing=past.outgoing & beside.lends)
    used = used if beside is None else used & beside.lends
    clock = ledger_clock(local, past, people.entity, people.settings, daily, used)
    currencies = ledger_currencies(sample, past, ledger.columns, people)
    steps = amount_steps(sample, past, ledger.columns, ledger.scale)
    words = transfer_words(local, past, ledger.columns, people.sorts)
    sides = OtherSides.of(local, past, ledger.columns)
    sent = alone if sides is None else sides.sent(alone)
    laws = MoneyLaws.of(sent, people, currencies, steps, words.lends if words else None)
    times = RelatedTimes.of(local, people.sorts, daily, used)
    hours = MerchantHours.of(local, past, used, is_daily=daily)
    world = World(people, clock, laws, currencies, ShopHabits.of(local, alone), times, hours,
                  ledger.columns.layout == SINGLE, sides if sides and sides.has_second else None,
                  local_shops(local, alone, ledger.columns))  # fmt: skip
    schemes = planned_schemes(told, world, sample.rows, rate, streams)
    codes = currencies.codes if currencies else None
    lent = templates(sample, past, ledger.columns, steps, codes, people.sorts, used, beside)
    lent = replace(
        lent, words=words, sides=sides, times=local.time,
        fee_columns=fee_columns(sides, sample, past, ledger),
        shop_words=merchant_words(local, past, ledger.columns, counted),
    )  # fmt: skip
    added = added_rows(schemes, people, sample, past, ledger, lent, streams.under("inject"), flag)
    added = with_owned_cells(added, sample, ledger)
    added, follows = with_second_days(added, sample, past, ledger, streams.under("inject"))
    where = places(added, sample, past, ledger.columns.is_daily, streams.under("inject"))
    added = with_linked_sums(added, sample, ledger, streams.under("inject"))
    added, follows = with_balances(added, follows, where, (sample, past), ledger)
    added = texts.filled(added, ledger, streams.under("inject"))
    progress("judging the added rows", 2, _STEPS)
    rows_of = {one.narrative.id: int((added.narrative == one.narrative.id).sum()) for one in told}
    told_by = written, past, _relations(people, past, sides, words)
    judged = _separations(told_by, added, (ledger.columns, follows), [one.narrative for one in told], streams)
    progress("writing the rows", 3, _STEPS)
    _write(folder, ledger, added, where, schemes, flag)
    progress("writing the rows", _STEPS, _STEPS)
    return Injected(
        folder, sample.rows, added.cells.num_rows, sample.entities, _counts(schemes, told),
        rows_of, judged,
        (*absent_words(ledger.source),
         *of_the_table(ledger, told, where, past.is_log, follows), *widened(sample, added),
         *(sides.told(ledger.scale) if sides else ()), *(beside.told(added.cells) if beside else ()),
         *texts.told(),
         *(f"{header}: {text}" for header, text in added.told.items()),
         *lowered(told, world, schemes, rate), *short_of(rows_of, rate, sample.rows, _counts(schemes, told)),
         *([] if daily else by_night(schemes)), *strange(judged), *_flagged(folder, added, flag)),
    )  # fmt: skip


def _relations(
    people: LedgerPopulation, past: Histories, sides: OtherSides | None, words: TransferWords | None
) -> Int1D | None:
    """Return the relation int64[n] of each row, beside which added rows are judged; None for any."""
    if not (people.sorts.is_mixed or words or sides):
        return None
    kinds = people.sorts.relation
    if sides is not None:
        kinds = people.sorts.with_receipts(past)
    elif words is not None and not people.sorts.is_mixed:
        kinds = words.relation(past)
    # Wages, bills and cash stand beside names too: purchases are judged beside purchases.
    return np.where((past.shop >= 0) & ~np.isin(past.shop, people.shop), -1, kinds)


def _opened(data: Any, schema: Schema | None) -> tuple[TableSource, LedgerColumns]:
    declared = declared_of(data, schema if schema and schema.fields else None,
                           schema.dialect if schema else None, "the table")  # fmt: skip
    place = "" if isinstance(data, str | Path) else "the table"
    if declared.is_schema:
        lacking = open_table(data, declared.fields, declared.dialect, place=place).lacking()
        if lacking:
            raise DataError.of(lacking)
    source = opened(data, declared, place)
    twice = {one for one in source.headers if source.headers.count(one) > 1}
    if twice:
        raise DataError(f"the header {min(twice)!r} stands twice", place=source.place, remedy="rename one")
    if not declared.is_schema:
        _refuse_words(source)
    return source, ledger_columns(source, declared)


def _refuse_words(source: TableSource) -> None:
    """Raise DataError for words among numbers and times that no schema calls empty: they would be lost."""
    odd = [
        Problem(f"{source.place}: column {header!r}", f"holds {word!r}", f"a {source.fields[name].type}",
                f"correct the cell, or say in a schema what it means: null: [{word}]")
        for name, header in source.bound.items()
        for word in source.fields[name].nulls if word.casefold() not in NULL_WORDS
    ]  # fmt: skip
    if odd:
        raise DataError.of(odd)


def _refuse_nought(sample: LedgerSample, ledger: Ledger) -> None:
    """Raise DataError for a table in which nothing is paid: no row has an amount but 0."""
    if not sample.amount[sample.known].any():
        raise DataError(
            "no amount but 0",
            place=f"{ledger.source.place}: column {ledger.columns.parts['amount'].header!r}",
            expected="amounts of payments", remedy="say in a schema which column has them: role: amount",
        )  # fmt: skip


def _carried(stories: Sequence[Narrative], people: LedgerPopulation, ledger: Ledger) -> list[Carried]:
    """Return the narratives as the table can carry them. Raises StudyError for all that it cannot."""
    if people.members < LEAST_ENTITIES:
        raise DataError(
            f"{people.members} entities with three payments or more", place=ledger.source.place,
            expected=f"at least {LEAST_ENTITIES}", remedy="give a longer or larger file",
        )  # fmt: skip
    told = [carried(story, people.known) for story in stories]
    lacking = [
        Problem(f"narrative {one.narrative.id}",
                f"{why}, which this table, {ledger.columns.read_by()}, does not know", "",
                remedy(why.partition(" needs ")[2], ledger.columns, ledger.source))
        for one in told for why in one.lacks
    ]  # fmt: skip
    if lacking:
        raise StudyError.of(lacking)
    return told


def _counts(schemes: Sequence[PlannedScheme], told: Sequence[Carried]) -> dict[str, int]:
    return {one.narrative.id: sum(each.story.id == one.narrative.id for each in schemes) for one in told}


def _separations(
    known: tuple[LedgerSample, Histories, Int1D | None], added: Added, read: tuple[LedgerColumns, Following],
    stories: Sequence[Narrative], streams: Streams,
) -> tuple[Separation, ...]:  # fmt: skip
    """Return what gives the rows of each narrative away, against real rows of the sampled entities.

    Keys are counted among all of them, and some of the real ones are judged. Where accounts are of several
    sorts, or words of transfers are told, rows are judged beside real ones of the same relations too, the
    third of ``known``, int64[n].
    """
    (sample, past, kinds), (columns, follows) = known, read
    usable = np.flatnonzero(sample.payer_kept & sample.known)
    usable = usable[np.argsort(sample.time[usable], kind="stable")]
    keys = {
        part.header
        for role, part in columns.parts.items()
        if role in ("from_account", "to_account", "merchant")
    }
    answer = columns.parts["fraud"].header if "fraud" in columns.parts else None
    kept = [name for name in sample.cells.schema.names if name not in added.told and name != answer]
    rows = pa.concat_tables([
        _plain(sample.cells.take(pa.array(usable)).select(kept)), _plain(added.cells.select(kept)),
    ], promote_options="permissive")  # fmt: skip
    time = np.concatenate([sample.time[usable], added.time])
    instance = np.concatenate([np.full(len(usable), -1), added.instance])
    codes = column_codes(rows, to_wall(time, sample.zone), instance < 0, (columns.parts["date"].header, keys))
    if "currency" in columns.parts:
        codes += usual_words(rows, instance < 0, columns.parts["currency"].header, keys)
    for header, (real_lag, lag) in follows.behind.items():
        codes.append(
            words_of(f"{header}: days behind", header, np.concatenate([real_lag[usable], lag]), instance < 0)
        )
    step = max(1, len(usable) // _JUDGED_ROWS)
    real = np.zeros(len(instance), dtype=np.bool_)
    real[: len(usable) : step] = True
    named = np.concatenate([np.full(len(usable), "", dtype=object), added.narrative])
    entity = np.concatenate([past.own[usable], added.entity])
    mixed = kinds is not None
    relation = np.concatenate([past.own[usable] * 0 if kinds is None else kinds[usable], added.relation])
    judged = []
    told = [(story, np.asarray(named == story.id)) for story in stories]
    told = [(story, own) for story, own in told if own.any()]
    untimed = rows.drop_columns([columns.parts["date"].header])
    unseen = unseen_pairs(
        untimed, instance < 0, [own for _, own in told], columns.parts["from_account"].header, keys
    )
    for (story, own), pair in zip(told, unseen, strict=True):
        rng = streams.at("inject", "chance", story.id)
        one = separation(story.id, codes, (real, own), instance, entity, rng)
        alike = rows_alike(relation, instance < 0, relation[own]) if mixed else own & False
        if alike.any():
            rng = streams.at("inject", "chance among alike", story.id)
            one = one.beside(separation(story.id, codes, (alike, own), instance, entity, rng))
        judged.append(one.naming(pair))
    return tuple(judged)


def _plain(table: pa.Table) -> pa.Table:
    """Return a table whose coded columns are plain text."""
    columns = [
        column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        for column in table.columns
    ]
    return pa.Table.from_arrays(columns, names=table.column_names)


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary sibling of a folder, renamed on success and removed on failure."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    temporary.mkdir(parents=True)
    try:
        yield temporary
        os.rename(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write(
    folder: Path, ledger: Ledger, added: Added, where: Places, schemes: Sequence[PlannedScheme],
    flag: OwnFlag | None,
) -> None:  # fmt: skip
    source = ledger.source
    declared = {header: source.fields[name] for name, header in source.bound.items()}
    fields, cut = list(added.cells.schema), len(added.cells.schema) - len(LABEL_FIELDS)
    schema = pa.schema([*telling(fields[:cut], declared), *fields[cut:]])
    with _new_folder(folder) as place:
        write_table(place / "transactions.parquet", schema, merged(ledger, schema, added, where, flag))
        patterns = pattern_table(added, schemes, ledger)
        write_table(place / "patterns.parquet", patterns.schema, [patterns])


def _flagged(folder: Path, added: Added, flag: OwnFlag | None) -> list[str]:
    """Return what became of the table's own flag of fraud."""
    if flag is None:
        return []
    fraud = pq.read_table(folder / "transactions.parquet", columns=["is_fraud"])["is_fraud"]
    return [flag.told(pc.sum(fraud).as_py() - pc.sum(added.cells["is_fraud"]).as_py())]
