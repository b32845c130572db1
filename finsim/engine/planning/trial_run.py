"""Each world at its smallest size: one path, one scheme of each narrative, a few loans, nothing written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.engine.planning.loan_cost_sample import LoanWork
from finsim.engine.stages.rule_breaches import Ledger
from finsim.engine.study.market_part import GeneratorChoice
from finsim.engine.study.study_resolution import Plan, agent_settings, credit_settings
from finsim.errors import FinsimError

TRIED_LOANS, FOLLOWED_LOANS = 2_000, 200
LARGEST_WORLD = 200_000
"""Accounts above which a trial builds no population: that nobody fits a role is then found by the run."""

Errors = list[FinsimError]


def market_trial(plan: Plan, errors: Errors) -> None:
    """Note what the market of a study would refuse: its history, its generator, each scenario, its packs."""
    part = plan.study.market
    if part is None:
        return
    from finsim.engine.stages.market_rules import MarketLedger
    from finsim.engine.stages.market_stage import history, training_rows
    from finsim.markets.features import encode
    from finsim.markets.shard import bars

    places = plan.study.places
    seen = len(errors)
    with places.noting(errors, ("market", "data")):
        real = history(plan)
        features, encoding = encode(real)
    if len(errors) > seen:
        return
    train = features[: training_rows(len(features), part.holdout)]
    with places.noting(errors, ("market", "generator")):
        _refuse_training(part.generator, train, encoding)
    tiled = np.resize(features, (1, part.sessions, features.shape[1]))
    for choice in plan.study.scenarios:
        drivers = plan.drivers[choice.label]
        loc = ("market", "betas") if part.betas else places.scenario(choice.name)
        seen = len(errors)
        with places.noting(errors, loc):
            paths = bars(tiled, encoding, drivers, part.betas)
        if len(errors) > seen or choice is not plan.study.scenarios[0]:
            continue
        with places.noting(errors, ("market", "rules")):
            MarketLedger(plan.rules, encoding).passed(paths.to_table(), repairs=False)


def _refuse_training(choice: GeneratorChoice, train: Any, encoding: Any) -> None:
    """Raise what the fit of a generator raises before its first step."""
    from finsim.constraints.packs.ruleset import RuleSet
    from finsim.engine.market_model.fit_and_sample import Learner, settings_of
    from finsim.engine.market_model.training_rules import TrainingRules, bar_penalty
    from finsim.generators import GENERATORS
    from finsim.generators.generator import Sequences
    from finsim.markets.session_move import split_returns

    rules = None if choice.rules is None else TrainingRules(choice.rules.pack, choice.rules.weight)
    settings = settings_of(Learner(choice.name, choice.settings, rules=rules))
    GENERATORS.load(choice.name).refuse(Sequences(split_returns(train, encoding)[None]), settings)
    penalty = None if rules is None else bar_penalty(RuleSet.load(rules.pack), train, encoding)
    if hasattr(settings, "rule_weight"):
        from finsim.generators.training.rule_penalty import check_weight

        check_weight(settings.rule_weight, penalty)


def transactions_trial(plan: Plan, errors: Errors) -> None:
    """Note what the transactions of a study would refuse: sizes, roles nobody fits, intensities, packs."""
    part = plan.study.transactions
    if part is None:
        return
    from finsim.agents.narratives.narrative import Narrative
    from finsim.agents.scenario_effects import behaviour
    from finsim.agents.schemes.start_times import expected_schemes, refuse_number
    from finsim.agents.settings import NarrativeUse
    from finsim.engine.stages.payment_world import payment_world

    places = plan.study.places
    seen = len(errors)
    for use in part.narratives:
        with places.noting(errors, places.narrative(use.name)):
            NarrativeUse(use.name, use.rate, use.count)
    if len(errors) > seen:
        return
    with places.noting(errors, ("transactions",)):
        settings = agent_settings(plan)
    if len(errors) > seen:
        return
    for choice in plan.study.scenarios:
        with places.noting(errors, places.scenario(choice.name)):
            behaviour(plan.drivers[choice.label], settings)
    if part.size > LARGEST_WORLD:
        return
    world = payment_world(plan, None)
    population = world.population
    uses = {use.id: use for use in settings.narratives}

    def one_each(story: Narrative) -> None:
        wanted = expected_schemes(story, uses[story.id], population, settings)
        refuse_number(story, wanted)
        single = replace(uses[story.id], rate=None, count=min(1, int(np.ceil(wanted))))
        alone = replace(settings, narratives=(single,))
        for drivers in plan.drivers.values():
            world.schemes([story], alone, plan.streams, drivers)

    for story in plan.narratives:
        with places.noting(errors, places.narrative(story.id)):
            one_each(story)
    with places.noting(errors, ("transactions", "rules")):
        _judge_transactions(plan, population, settings)


def _judge_transactions(plan: Plan, population: Any, settings: Any) -> None:
    """Put the tables of a transaction world, without a row of payments, before the study's pack."""
    from finsim.agents.account_lives.accounts_table import accounts_table
    from finsim.agents.parties.party_tables import party_tables
    from finsim.engine.stages.payment_world import is_learned
    from finsim.engine.stages.transaction_stage import Judges
    from finsim.records.transactions import TRANSACTION_SCHEMA

    parties = {} if is_learned(plan) else party_tables(population, settings, plan.streams)
    judges = Judges(plan, accounts_table(population), parties)
    list(judges.watch([pa.RecordBatch.from_pylist([], TRANSACTION_SCHEMA)]))
    judges.found()


def credit_trial(plan: Plan, errors: Errors) -> dict[str, LoanWork]:
    """Note what the loans of a study would refuse: the tape, its scorecard, each scenario, the pack.

    Returns for each scenario the work on a loan, on average over a few loans.
    """
    if plan.study.credit is None:
        return {}
    from finsim.credit.losses import arrange
    from finsim.engine.stages.credit_stage import first_loans, prepared

    places = plan.study.places
    seen = len(errors)
    with places.noting(errors, ("credit", "data")):
        prepared(plan)
    if len(errors) > seen:
        return {}
    tried = first_loans(plan, TRIED_LOANS)
    some = tried.slice(0, FOLLOWED_LOANS)
    found: dict[str, LoanWork] = {}
    for choice in plan.study.scenarios:
        with places.noting(errors, places.scenario(choice.name)):
            months = _followed(plan, choice.label, some)
            arranged = arrange(tried, plan.drivers[choice.label], credit_settings(plan))
            found[choice.label] = LoanWork.of(months.num_rows / some.num_rows, arranged)
    with places.noting(errors, ("credit", "rules")):
        ledger = Ledger(plan.rules.get("credit"))
        ledger.passed({"loans": some}, "loans", repairs=False)
        for label in list(found)[:1]:
            months = _followed(plan, label, some)
            ledger.passed({"loans": some, "months": months}, "months", repairs=False)
    return found


def _followed(plan: Plan, label: str, some: pa.Table) -> pa.Table:
    """Return the months of a few loans under a scenario."""
    from finsim.credit.panel import panel

    settings, streams = credit_settings(plan), plan.streams.under("credit")
    return pa.Table.from_batches([panel(some, plan.drivers[label], streams, settings, 0)])
