"""Resolve and check everything that a study names before any work starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from typing import Any

from finsim.agents.narratives.narrative import Narrative, load_narratives
from finsim.agents.narratives.narrative_needs import Carried
from finsim.agents.settings import NarrativeUse
from finsim.agents.settings import Settings as AgentSettings
from finsim.catalog import Catalog, Entry
from finsim.constraints.conflicts.conflict_check import refuse_conflicts
from finsim.constraints.packs.ruleset import RuleSet
from finsim.credit.settings import Settings as CreditSettings
from finsim.documents import in_file_order
from finsim.engine.feedback.active_loop import ActiveLoop, closed_loop
from finsim.engine.study.changed_inputs import LEARNED, NARRATIVE, changes, files_of
from finsim.engine.study.credit_part import LoanGenerator
from finsim.engine.study.market_history import read_history
from finsim.engine.study.market_packs import WORLD, packs_of
from finsim.engine.study.market_part import GeneratorChoice
from finsim.engine.study.named_inputs import data_file, file_of
from finsim.engine.study.needed_extras import refuse_missing_extras
from finsim.engine.study.study_file import WORLDS, Study, recorded_study
from finsim.engine.study.transactions_part import PaymentBody, TransactionsPart
from finsim.errors import FinsimError, PrivacyBudgetError, ResumeError, StudyError
from finsim.generators import EVENT_GENERATORS, GENERATORS, TABLE_GENERATORS
from finsim.generators.settings_parsing import read_settings
from finsim.markets.prices import Prices
from finsim.markets.stress import beta_of
from finsim.randomness import Streams
from finsim.records.calendar import Clock
from finsim.records.drivers import Drivers
from finsim.records.storage import digest_file
from finsim.records.trading_calendar import NYSE
from finsim.scenarios import compile as compiling
from finsim.scenarios.scenario import Scenario
from finsim.scenarios.scenario import load as load_scenario

# Named here, not imported: what learns a ledger reads the parts of a study.
LEDGERS = Catalog(
    "reader of ledgers",
    {
        "ledger": Entry(
            "finsim.engine.learned_payments.training_ledger:payment_ledger", "the ledger of a study"
        ),
        "stories": Entry(
            "finsim.engine.learned_payments.learned_world:carried_stories",
            "narratives that a ledger can carry",
        ),
        "words": Entry(
            "finsim.engine.learned_payments.payment_words:unknown_words", "words that a ledger lacks"
        ),
        "loans": Entry("finsim.engine.study.loan_tape:tape_of", "the loan tape of a study"),
    },
)
_FIRST_YEAR, _LAST_START, _LAST_YEAR = 1900, 2200, 2262


@dataclass(frozen=True)
class Plan:
    """A study with all its scenarios, narratives, rules and inputs resolved.

    Narratives are those that the payments can carry: ``left_out`` says by narrative what a learned ledger
    does not know of them. ``loops`` holds what fed back by scenario, where the study has feedback.
    """

    study: Study
    clock: Clock
    scenarios: Mapping[str, Scenario]
    drivers: Mapping[str, Drivers]
    narratives: tuple[Narrative, ...] = ()
    rules: Mapping[str, RuleSet] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    loops: Mapping[str, ActiveLoop] = field(default_factory=dict)

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
            "files": files_of(self.study),
        }


def resolve(study: Study) -> Plan:
    """Look up and check everything the study names.

    Raises the FinsimError of what is wrong (StudyError when several kinds of file are), with all problems
    of all files; nothing is written.
    """
    refuse_missing_extras(study)
    errors: list[FinsimError] = []
    places = study.places
    prices: Prices | None = None
    if study.market:
        with places.noting(errors, ("market", "data")):
            prices = read_history(study.market)
        for name, beta in study.market.betas.items() if prices is not None else ():
            with places.noting(errors, ("market", "betas", name)):
                beta_of(prices.assets, {name: beta})
                _refuse_infinite(name, beta)
    with places.noting(errors, ("start",)):
        _refuse_dates(study, prices)
    if errors and not _LAST_START >= study.start.year >= _FIRST_YEAR:
        raise joined(errors)  # no scenario can be laid on such days
    clock = _clock(study, prices)
    scenarios: dict[str, Scenario] = {}
    drivers: dict[str, Drivers] = {}
    for choice in study.scenarios:
        with places.noting(errors, places.scenario(choice.name)):
            scenarios[choice.label] = load_scenario(choice.name)
            drivers[choice.label] = compiling.drivers(scenarios[choice.label], clock, choice.severity)
    loops: dict[str, ActiveLoop] = {}
    with places.noting(errors, ("feedback",)):
        for label, one in drivers.items():
            drivers[label], loop = fed_back(study, one)
            loops |= {} if loop is None else {label: loop}
    if study.market:
        with places.noting(errors, ("market", "generator")):
            _check_generator(study.market.generator)
    if study.credit and study.credit.generator:
        with places.noting(errors, ("credit", "generator")):
            _check_loan_generator(study.credit.generator)
    if study.transactions and study.transactions.body:
        with places.noting(errors, ("transactions", "body")):
            _check_payment_body(study.transactions.body)
    narratives: tuple[Narrative, ...] = ()
    with places.noting(errors, ("transactions", "narratives")):
        narratives = _narratives(study)
    left_out: dict[str, tuple[str, ...]] = {}
    if study.transactions and study.transactions.data:
        narratives, left_out = _in_ledger(study.transactions, narratives, study, errors)
    rules = _rules(study, prices, errors)
    if errors and study.credit:  # a sound study's tape is read by its trial
        with places.noting(errors, ("credit", "data")):
            LEDGERS.load("loans")(study.credit)
    inputs: dict[str, str] = {}
    with places.noting(errors, ()):
        inputs = {} if errors else _inputs(study)
    if errors:
        raise joined(errors)
    return Plan(study, clock, scenarios, drivers, narratives, rules, inputs, left_out, loops)


def fed_back(study: Study, drivers: Drivers) -> tuple[Drivers, ActiveLoop | None]:
    """Return drivers as the worlds of a study read them: with its feedback, where it has one.

    Raises StudyError where the loop gain reaches 1.
    """
    part = study.feedback
    return (drivers, None) if part is None or not part.enabled else closed_loop(drivers, part.strength)


def joined(errors: list[FinsimError]) -> FinsimError:
    """Return one error with all problems of several: of their kind, or a StudyError for several kinds."""
    kinds = {type(error) for error in errors}
    kind = kinds.pop() if len(kinds) == 1 else StudyError
    return kind.of(in_file_order(problem for error in errors for problem in error.problems))


def _refuse_infinite(name: str, beta: float) -> None:
    if not isfinite(beta):
        raise StudyError(f"the beta of {name} is {beta}", expected="a number such as 1.2")


def _refuse_dates(study: Study, prices: Prices | None) -> None:
    """Raise StudyError where a world would reach beyond the years that timestamps in nanoseconds have."""
    clock = _clock(study, prices)
    steps = 252 if prices is None else prices.calendar.steps_a_year
    years = max(clock.sessions / steps, clock.days / 365, clock.months / 12)
    is_known = _FIRST_YEAR <= study.start.year <= _LAST_START
    if not is_known or study.start.year + years + 1 > _LAST_YEAR:
        raise StudyError(
            f"start is {study.start}, and the worlds go on for {years:.0f} years",
            expected=f"a start in the years {_FIRST_YEAR} to {_LAST_START}, and an end before {_LAST_YEAR}",
            remedy="begin on another day, or shorten the worlds",
        )


def _check_generator(choice: GeneratorChoice) -> None:
    """Raise for an unknown generator or setting; a generator without settings is not imported for it."""
    GENERATORS.entry(choice.name, "market.generator.name")
    if choice.settings or choice.rules:
        weight = {"rule_weight": choice.rules.weight} if choice.rules else {}
        generator = GENERATORS.load(choice.name)
        read_settings(generator, {**choice.settings, **weight}, "market.generator.settings", StudyError)


def _check_loan_generator(choice: LoanGenerator) -> None:
    """Raise for an unknown generator of tables or setting."""
    TABLE_GENERATORS.entry(choice.name, "credit.generator.name")
    if choice.steps is not None and not hasattr(TABLE_GENERATORS.load(choice.name).Settings, "steps"):
        _refuse_steps(choice.name, "credit.generator.steps")
    if choice.settings:
        generator = TABLE_GENERATORS.load(choice.name)
        read_settings(generator, choice.settings, "credit.generator.settings", StudyError)
        _refuse_epsilon(choice.settings, "credit.generator.settings", "table")


def _check_payment_body(choice: PaymentBody) -> None:
    """Raise for an unknown generator of events or setting."""
    EVENT_GENERATORS.entry(choice.name, "transactions.body.name")
    if choice.steps is not None and not hasattr(EVENT_GENERATORS.load(choice.name).Settings, "steps"):
        _refuse_steps(choice.name, "transactions.body.steps")
    if choice.settings:
        generator = EVENT_GENERATORS.load(choice.name)
        read_settings(generator, choice.settings, "transactions.body.settings", StudyError)
        _refuse_epsilon(choice.settings, "transactions.body.settings", "ledger")


def _refuse_steps(name: str, place: str) -> None:
    raise StudyError(
        f"{name} is not trained in steps", place=place, expected="no steps", remedy="leave it out"
    )


def _refuse_epsilon(settings: Mapping[str, Any], place: str, data: str) -> None:
    """Raise for an epsilon of loans or payments: the world reads more of the data than the model does."""
    if settings.get("epsilon") is not None:
        raise PrivacyBudgetError(
            f"an epsilon, and the study reads the {data} beside the model too (words, ranges, counts)",
            place=f"{place}.epsilon",
            expected="no epsilon in a study",
            remedy="fit the model by finsim fit --epsilon, and sample it by finsim sample",
        )


def _in_ledger(
    part: TransactionsPart, narratives: tuple[Narrative, ...], study: Study, errors: list[FinsimError]
) -> tuple[tuple[Narrative, ...], dict[str, tuple[str, ...]]]:
    """Return the narratives as a learned ledger can carry them, and what is left out of each."""
    seen = len(errors)
    with study.places.noting(errors, ("transactions", "data")):
        ledger = LEDGERS.load("ledger")(part)
    told: tuple[Carried, ...] = ()
    if len(errors) == seen and part.words:
        for keys, problem in LEDGERS.load("words")(ledger.log, part.words.mapping()):
            with study.places.noting(errors, ("transactions", "words", *keys)):
                raise StudyError.of([problem])
    if len(errors) == seen:
        with study.places.noting(errors, ("transactions", "narratives")):
            told = LEDGERS.load("stories")(narratives, ledger)
    left_out = {one.narrative.id: one.left_out for one in told if one.left_out}
    return tuple(one.narrative for one in told), left_out


def plan_of(record: Mapping[str, Any]) -> Plan:
    """Return the plan of a started run.

    Raises ResumeError when an input, scenario or rule file is no longer what the run started with.
    """
    plan = resolve(recorded_study(record["study"], "the record of the run"))
    now = plan.record()
    changed = list(changes(record, now))
    if changed:
        raise ResumeError.of(changed)
    return plan


def _clock(study: Study, prices: Prices | None) -> Clock:
    # A world that is not simulated still gets a span, so that every scenario can state its own levels.
    return Clock(
        study.start,
        study.market.sessions if study.market else 2520,
        study.transactions.days if study.transactions else 365,
        study.credit.months if study.credit else 60,
        NYSE if prices is None else prices.calendar,
    )


def _narratives(study: Study) -> tuple[Narrative, ...]:
    if not study.transactions:
        return ()
    return load_narratives([choice.name for choice in study.transactions.narratives])


def _rules(study: Study, prices: Prices | None, errors: list[FinsimError]) -> dict[str, RuleSet]:
    found: dict[str, RuleSet] = {}
    for world in WORLDS:
        part = getattr(study, world)
        packs = {world: part.rules} if part and part.rules else {}
        if world == WORLD and packs and prices is not None:
            packs = packs_of(part.rules, prices)
        for key, pack in packs.items():
            with study.places.noting(errors, (world, "rules")):
                found[key] = _sound(pack)
    learned = study.market.generator.rules if study.market else None
    if learned:
        with study.places.noting(errors, ("market", "generator", "rules")):
            found[LEARNED] = _sound(learned.pack)
    return found


def _sound(pack: str) -> RuleSet:
    """Load a rule pack; raises RuleError when its rules contradict one another."""
    rules = RuleSet.load(pack)
    refuse_conflicts(rules)
    return rules


def _inputs(study: Study) -> dict[str, str]:
    found = {}
    for world in WORLDS:
        part = getattr(study, world)
        if part and part.data:
            file = data_file(part.data)
            if not file.is_file():
                raise StudyError("no such file", place=f"{world}.data: {part.data}", remedy="check the path")
            found[part.data] = digest_file(file)
            schema = getattr(part, "schema_", None)
            if schema:
                found[f"schema:{schema}"] = digest_file(data_file(schema))
    for choice in study.transactions.narratives if study.transactions else ():
        found[f"{NARRATIVE}{choice.name}"] = digest_file(file_of("narrative", choice.name))
    return found


def agent_settings(plan: Plan) -> AgentSettings:
    """Return the settings of the transaction world of a plan that has one."""
    part = plan.study.transactions
    assert part is not None
    uses = tuple(NarrativeUse(use.name, use.rate, use.count) for use in part.narratives)
    first_day = plan.clock.day_dates()[0].astype(object)
    currency = part.currency
    if part.data is not None:
        currency = str(LEDGERS.load("ledger")(part).currency)
    return AgentSettings(
        accounts=part.size,
        banks=part.banks if part.data is None else 1,
        start=first_day,
        days=part.days,
        currency=currency,
        shard_accounts=part.shard_accounts,
        slice_days=part.slice_days,
        narratives=uses,
        evade=part.evade,
        **({} if part.observed is None else {"observed": part.observed.rates()}),
        blocking=part.blocking or 0.0,
    )


def credit_settings(plan: Plan) -> CreditSettings:
    """Return the settings of the credit world of a plan that has one."""
    part = plan.study.credit
    assert part is not None
    stated = part.settings()
    if part.target_pd == "as_observed":
        from finsim.engine.study.loan_tape import tape_of  # not at the top: markets alone need no credit

        observed = tape_of(part).observed
        stated["target_pd"] = None if observed is None else observed.pd
    return CreditSettings(as_of=plan.study.start, **stated)
