"""What is said of a table with schemes in it: how it was read, and what did not come off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from finsim.agents.narratives.narrative_needs import Carried
from finsim.engine.injection.added_rows import Added
from finsim.engine.injection.following.following import Following
from finsim.engine.injection.ledger_columns import label_names
from finsim.engine.injection.ledger_rows import Ledger
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.engine.injection.merging import Places
from finsim.engine.injection.scheme_planning import PlannedScheme, World, expected_number, quiet_phases
from finsim.evaluation.added_rows.separation import Separation
from finsim.notation import NANOS_PER_DAY

_MOSTLY, _BEYOND = 0.8, 1.2
_NIGHT, _MOSTLY_NIGHT = (23, 6), 0.5
_NANOS_PER_HOUR = NANOS_PER_DAY // 24


def of_the_table(
    ledger: Ledger, told: Sequence[Carried], where: Places, is_log: bool, following: Following
) -> tuple[str, ...]:
    """Return how the table was read, where rows stand, what follows, and what of narratives is left out."""
    found = [ledger.columns.text(), f"added rows stand {where.how}"]
    found += [
        f"the label {label} is the column {name}, since the table has its own {label}"
        for label, name in label_names(ledger.source.headers).items() if name != label
    ]  # fmt: skip
    if is_log:
        found.append(
            "no money comes in and nobody is named as paid: purchases at the one who keeps the table"
        )
    found += [
        f"{ledger.source.bound[name]}: {', '.join(field.nulls)}: written as empty cells"
        for name, field in ledger.source.fields.items() if field.nulls and name in ledger.source.bound
    ]  # fmt: skip
    if following.follows:
        found.append(
            f"{', '.join(following.follows)}: in added rows as many days behind their time as in real rows "
            "of the same words, on the same weekday or day"
        )
    found += [one.text() for one in following.breaks]
    found += unmoved(following.left)
    found += [f"{one.narrative.id}: left out: {text}" for one in told for text in one.left_out]
    return tuple(found)


def unmoved(headers: Sequence[str]) -> list[str]:
    """Return a sentence on columns whose cells fit no added row: a day that keeps no lag, a balance.

    They are lent by real rows at other times, so a step of a balance gives every added row away, and no
    single column shows it.
    """
    if not headers:
        return []
    return [
        f"{', '.join(headers)}: added rows have the cells of other rows there, which neither follow their "
        "time nor go on from row to row: leave these columns out, or make them anew, before a detector learns"
    ]


def short_of(
    rows_of: Mapping[str, int], rate: float | None, rows: int, schemes: Mapping[str, int]
) -> list[str]:
    """Return a sentence per narrative that made no row, or clearly fewer or more than were asked for.

    And one for all where they add clearly more than ``rate`` of the real rows.
    """
    wanted = 0.0 if rate is None else rate * rows / len(rows_of)
    added = sum(rows_of.values())
    found = [
        f"{name}: {made:,} rows, not the {wanted:,.0f} asked for: hardly anybody here can play its roles"
        for name, made in rows_of.items() if 0 < made < _MOSTLY * wanted
    ]  # fmt: skip
    if rate is not None and added > _BEYOND * rate * rows:
        found.append(
            f"{added:,} rows are added, not the {rate * rows:,.0f} asked for ({rate:.2%} of {rows:,}): "
            "schemes are whole, so each narrative ends with the one that reaches its part"
        )
        found += [
            f"{name}: {made:,} rows in {schemes[name]:,} schemes, {made / schemes[name]:,.0f} a scheme, "
            f"for a part of {wanted:,.0f}"
            for name, made in rows_of.items() if made > _BEYOND * wanted and schemes[name]
        ]  # fmt: skip
    return found + [
        f"{name}: its schemes leave no row: whom they pay is in no row of this table that is like theirs"
        for name, made in rows_of.items() if not made
    ]  # fmt: skip


def by_night(schemes: Sequence[PlannedScheme]) -> list[str]:
    """Return a sentence per narrative whose payments of the night stand by day, since real rows do.

    Its own hours are given up: a payment at night to who is never paid then is told by its hour alone.
    """
    held: dict[str, list[int]] = {}
    for scheme in schemes:
        names = quiet_phases(scheme.story)
        quiet = [names and one[2] in names for one in scheme.labels]
        for time, is_quiet in zip(scheme.time.tolist(), quiet, strict=True):
            if is_quiet:
                held.setdefault(scheme.story.id, []).append(time // _NANOS_PER_HOUR % 24)
    return [
        f"{name}: {len(hours):,} of its payments are made while the payer sleeps, and {_at_night(hours):,} "
        "of them stand between 23:00 and 06:00: the others are at hours at which real rows are paid, so the "
        "night does not tell them here"
        for name, hours in held.items() if _at_night(hours) < _MOSTLY_NIGHT * len(hours)
    ]  # fmt: skip


def _at_night(hours: Sequence[int]) -> int:
    return sum(one >= _NIGHT[0] or one < _NIGHT[1] for one in hours)


def strange(judged: Sequence[Separation]) -> list[str]:
    """Return a sentence per narrative whose rows have cells together that real rows never have."""
    return [
        f"{one.narrative}: {one.unseen_share:.1%} of its rows have a pair of {one.unseen_pair} that no real "
        f"row has ({one.unseen_real:.1%} of real rows have one that no other has)"
        for one in judged if one.unseen_pair
    ]  # fmt: skip


def widened(sample: LedgerSample, added: Added) -> list[str]:
    """Return a sentence per column whose type had no room for new ids."""
    return [
        f"{field.name}: {field.type} has no room for ids behind the last, so it is written as {made.type}"
        for field, made in zip(sample.cells.schema, added.cells.schema, strict=False)
        if made.type != field.type
    ]


def lowered(
    told: Sequence[Carried], world: World, schemes: Sequence[PlannedScheme], rate: float | None
) -> list[str]:
    """Return a sentence per narrative whose own rate asks for more schemes than there are entities for."""
    members = world.people.members
    crowded = {one.narrative.id: expected_number(one.narrative, world) for one in told}
    found = [
        f"{name}: its own rate asks for {number:,.0f} schemes, and the sample has {members:,} entities: "
        "no more schemes than these"
        for name, number in crowded.items() if rate is None and number > members
    ]  # fmt: skip
    if rate is not None and len(schemes) > members:
        found.append(f"{len(schemes):,} schemes between {members:,} sampled entities: many have several")
    return found
