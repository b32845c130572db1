"""Everything a study names, looked up and checked before any work starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from finsim import documents
from finsim.agents.narrative import Narrative, load_narratives
from finsim.agents.settings import NarrativeUse
from finsim.agents.settings import Settings as AgentSettings
from finsim.constraints.ruleset import RuleSet
from finsim.credit.settings import Settings as CreditSettings
from finsim.engine.study import Study, data_file
from finsim.errors import FinsimError, NarrativeError, Problem, ResumeError
from finsim.generators import GENERATORS
from finsim.randomness import Streams
from finsim.records.calendar import Clock
from finsim.records.drivers import Drivers
from finsim.records.storage import digest_file
from finsim.scenarios import compile as compiling
from finsim.scenarios.resolve import load as load_scenario
from finsim.scenarios.scenario import Scenario


@dataclass(frozen=True)
class Plan:
    """A study with all its scenarios, narratives, rules and inputs resolved."""

    study: Study
    clock: Clock
    scenarios: Mapping[str, Scenario]
    drivers: Mapping[str, Drivers]
    narratives: tuple[Narrative, ...] = ()
    rules: Mapping[str, RuleSet] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def streams(self) -> Streams:
        """The run's root streams."""
        return Streams(self.study.seed)

    def record(self) -> dict[str, Any]:
        """Return what resume and verification compare: the study and the digest of every input."""
        return {
            "study": self.study.model_dump(mode="json"),
            "study_sha256": self.study.digest,
            "inputs": dict(self.inputs),
            "scenarios": {name: drivers.digest for name, drivers in self.drivers.items()},
            "rules": {name: rules.digest for name, rules in self.rules.items()},
        }


def resolve(study: Study) -> Plan:
    """Look up and check everything the study names.

    Raises the first FinsimError of each kind of file, with all its problems; nothing is written.
    """
    clock = _clock(study)
    problems: list[Problem] = []
    scenarios: dict[str, Scenario] = {}
    drivers: dict[str, Drivers] = {}
    kind: type[FinsimError] = FinsimError
    for choice in study.scenarios:
        try:
            scenario = load_scenario(choice.name)
            scenarios[choice.label] = scenario
            drivers[choice.label] = compiling.drivers(scenario, clock, choice.severity)
        except FinsimError as error:
            kind = type(error)
            problems += error.problems
    if problems:
        raise kind.of(problems)
    if study.market:
        GENERATORS.entry(study.market.generator.name, "market.generator.name")
    return Plan(study, clock, scenarios, drivers, _narratives(study), _rules(study), _inputs(study))


def plan_of(record: Mapping[str, Any]) -> Plan:
    """Return the plan of a started run.

    Raises ResumeError when an input, scenario or rule file is no longer what the run started with.
    """
    plan = resolve(Study.model_validate(record["study"]))
    now = plan.record()
    for part in ("inputs", "scenarios", "rules"):
        for name, digest in record[part].items():
            if now[part].get(name) != digest:
                raise ResumeError(
                    f"{part}: {name} has changed since the run started",
                    remedy="restore the file, or start a new run",
                )
    return plan


def _clock(study: Study) -> Clock:
    # A world that is not simulated still gets a span, so that every scenario can state its own levels.
    return Clock(
        study.start,
        study.market.sessions if study.market else 2520,
        study.transactions.days if study.transactions else 365,
        study.credit.months if study.credit else 60,
    )


def _narratives(study: Study) -> tuple[Narrative, ...]:
    if not study.transactions:
        return ()
    return load_narratives([choice.name for choice in study.transactions.narratives])


def _rules(study: Study) -> dict[str, RuleSet]:
    worlds = (("market", study.market), ("transactions", study.transactions), ("credit", study.credit))
    return {world: RuleSet.load(part.rules) for world, part in worlds if part and part.rules}


def _inputs(study: Study) -> dict[str, str]:
    found = {}
    for part in (study.market, study.credit):
        if part:
            found[part.data] = digest_file(data_file(part.data))
    for choice in study.transactions.narratives if study.transactions else ():
        path = documents.find(choice.name, "scenarios/narratives", "narrative", NarrativeError)
        found[f"narrative:{choice.name}"] = digest_file(Path(path))
    return found


def agent_settings(plan: Plan) -> AgentSettings:
    """Return the settings of the transaction world of a plan that has one."""
    part = plan.study.transactions
    assert part is not None
    uses = tuple(NarrativeUse(use.name, use.rate, use.count) for use in part.narratives)
    first_day = plan.clock.day_dates()[0].astype(object)
    return AgentSettings(
        accounts=part.accounts,
        banks=part.banks,
        start=first_day,
        days=part.days,
        currency=part.currency,
        shard_accounts=part.shard_accounts,
        slice_days=part.slice_days,
        narratives=uses,
    )


def credit_settings(plan: Plan) -> CreditSettings:
    """Return the settings of the credit world of a plan that has one."""
    part = plan.study.credit
    assert part is not None
    chosen: dict[str, Any] = {"shard_loans": part.shard_loans, "as_of": plan.study.start}
    if part.target_pd is not None:
        chosen["target_pd"] = part.target_pd
    return CreditSettings(**chosen)
