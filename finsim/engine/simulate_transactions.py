"""Simulate one transaction world without a study, for ``finsim simulate``."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from finsim.agents.settings import DEFAULT_NARRATIVES, NarrativeUse, Settings
from finsim.agents.simulate import simulate as simulate_agents
from finsim.engine.run_folder.owner_lock import owning_output
from finsim.engine.study.observed_part import observation_of
from finsim.errors import StudyError
from finsim.provenance.world_card import write_world_card
from finsim.randomness import Streams
from finsim.records.calendar import Clock
from finsim.records.columns import stored
from finsim.records.drivers import Drivers
from finsim.records.parties.party_tables import PARTY_SCHEMAS
from finsim.records.storage import write_table
from finsim.records.transaction_files import write_rows
from finsim.records.transactions import ACCOUNT_SCHEMA, PATTERN_SCHEMA, Transactions
from finsim.scenarios import compile as compiling
from finsim.scenarios.scenario import load as load_scenario

START = date(2026, 1, 1)
Narratives = str | Path | Sequence[str | Path] | Mapping[str, float | None] | None


@dataclass(frozen=True)
class Wanted:
    """What is simulated: size, period, narratives, how far they hide, what banks see, the scenario."""

    accounts: int = 2_000
    days: int = 30
    start: date = START
    uses: tuple[NarrativeUse, ...] = ()
    evade: float = 0.0
    scenario: str | None = None
    severity: float = 1.0
    observed: Mapping[str, Any] | None = None
    blocking: float = 0.0


def uses_of(
    narrative: Narratives = None, schemes: Mapping[str, int] | None = None
) -> tuple[NarrativeUse, ...]:
    """Return the narratives that are wanted, by rate or by number of schemes.

    Those that ``narrative`` or ``schemes`` name are the only ones; without names the standard stories and
    their decoys (``agents.settings.DEFAULT_NARRATIVES``) are used at the rates of their files. Raises
    StudyError for one with both a rate and a number.
    """
    if isinstance(narrative, str | Path):
        rates: dict[str, float | None] = {str(narrative): None}
    elif isinstance(narrative, Mapping):
        rates = {str(name): rate for name, rate in narrative.items()}
    else:
        rates = dict.fromkeys(str(name) for name in narrative or ())
    by_id = {NarrativeUse(name).id: name for name in rates}
    counts: dict[str, int] = {}
    for name, count in (schemes or {}).items():
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise StudyError(
                f"{name}: {count!r} schemes",
                place="simulate: schemes",
                expected="a whole number of 0 or more",
                remedy="write schemes={'account_takeover': 50}",
            )
        known = by_id.setdefault(NarrativeUse(name).id, name)
        rates.setdefault(known, None)
        counts[known] = count
    if not rates:
        return tuple(sorted(DEFAULT_NARRATIVES, key=lambda use: use.name))
    return tuple(NarrativeUse(name, rate, counts.get(name)) for name, rate in rates.items())


def simulate(
    wanted: Wanted,
    *,
    seed: int = 0,
    output: str | Path | None = None,
    progress: Callable[[str, int, int], None],
) -> Transactions:
    """Simulate bank transactions in memory, and write them when ``output`` names a new folder."""
    folder = None if output is None else Path(output)
    _refuse_existing(folder)
    settings = Settings(
        accounts=wanted.accounts,
        days=wanted.days,
        start=wanted.start,
        narratives=wanted.uses,
        evade=wanted.evade,
        observed=observation_of(wanted.observed or {}, "simulate: observed"),
        blocking=wanted.blocking,
    )
    drivers = _drivers(wanted)
    with owning_output(folder):
        _refuse_existing(folder)  # another process was faster
        world = simulate_agents(settings, Streams(seed), drivers, progress)
        if folder is not None:
            is_whole = False
            try:
                write_world(folder, world)
                write_world_card(folder, _told(wanted, seed))
                is_whole = True
            finally:  # after a stop or on a full disk too: half a world is in the way of the next try
                if not is_whole:
                    shutil.rmtree(folder, ignore_errors=True)
    return world


def _refuse_existing(folder: Path | None) -> None:
    if folder is not None and folder.exists():
        raise StudyError("the output exists", place=str(folder), remedy="choose another folder with -o")


def _told(wanted: Wanted, seed: int) -> dict[str, str]:
    """Return everything that the bytes of a world depend on, in words."""
    uses = [
        f"{use.id} ({use.count:,} schemes)" if use.count is not None
        else f"{use.id} (rate {use.rate:g})" if use.rate is not None
        else use.id
        for use in wanted.uses
    ]  # fmt: skip
    scenario = "none" if wanted.scenario is None else f"{wanted.scenario} at severity {wanted.severity:g}"
    return {
        "seed": str(seed),
        "accounts": f"{wanted.accounts:,}",
        "days": f"{wanted.days:,}, from {wanted.start}",
        "narratives": ", ".join(uses) or "none",
        **({"evade": f"{wanted.evade:g}"} if wanted.evade else {}),
        **({"blocking": f"{wanted.blocking:g}"} if wanted.blocking else {}),
        **_told_rates(wanted.observed or {}),
        "scenario": scenario,
    }


def _told_rates(observed: Mapping[str, Any]) -> dict[str, str]:
    told = [f"{part} {key} {value}" for part, rates in observed.items() for key, value in rates.items()]
    return {"observed": ", ".join(told)} if told else {}


def _drivers(wanted: Wanted) -> Drivers | None:
    if wanted.scenario is None:
        return None
    clock = Clock(wanted.start - timedelta(days=1), 2520, wanted.days, 60)
    return compiling.drivers(load_scenario(wanted.scenario), clock, wanted.severity)


def write_world(folder: Path, world: Transactions) -> None:
    """Write every table of a world into a folder."""
    write_rows((folder / "transactions.parquet", folder / "labels.parquet"), [world.rows])
    for name, schema, table in (
        ("accounts", ACCOUNT_SCHEMA, world.accounts),
        ("patterns", stored(PATTERN_SCHEMA), world.patterns),
    ):
        write_table(folder / f"{name}.parquet", schema, [table])
    for name, schema in PARTY_SCHEMAS.items():
        write_table(folder / f"{name}.parquet", schema, [getattr(world, name)])
