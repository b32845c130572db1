"""What a metric of a study is as a function of drivers: one to search on, and the run's own to check."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from finsim.credit.expected.one_year_loss import one_year_loss
from finsim.credit.factors import FACTOR
from finsim.credit.losses import losses
from finsim.credit.panel import panel
from finsim.engine.reverse.book_surface import book_surface, linked_variables
from finsim.engine.reverse.fraud_model import fraud_losses, tabulated, typologies
from finsim.engine.reverse.liquidity_model import PURSE, added_up, beside_purse, shortfalls
from finsim.engine.reverse.question import DRAWDOWN, EXPECTED_LOSS, Question
from finsim.engine.stages.credit_stage import passed_book
from finsim.engine.stages.customers_with_loans import are_customers
from finsim.engine.stages.fraud_losses import FRAUD_LOSS
from finsim.engine.stages.shortfalls import SHORTFALL
from finsim.engine.study.study_resolution import Plan, credit_settings, fed_back
from finsim.errors import StudyError
from finsim.notation import Float1D, Float2D
from finsim.records.drivers import Drivers
from finsim.scenarios import compile as compiling
from finsim.scenarios.flat_scenario import FlatScenario
from finsim.scenarios.plausible.bundled_history import EQUITY
from finsim.scenarios.resolve import flat_scenario
from finsim.scenarios.reverse.breach_text import BreachText, breach_text, with_moves
from finsim.scenarios.reverse.prior_law import FRAUD, PriorLaw, without_history

YEAR = 252
_ERRORS = 3.0
_TICK = 1.0005
_COARSE = 2e-3  # a whole simulation of payments behind each step


@dataclass(frozen=True)
class BreachModel:
    """A metric over drivers.

    * ``free``: the drivers that make the metric; ``along``: others that the study's worlds read, which follow
      them; ``held``: those without a history, which stay.
    * ``loss(names, moves)``: the metric, smooth enough to search on: moves [n, names] -> [n].
    * ``measured(drivers)``: the metric as a run of the study measures it.
    * ``beyond``: how far past the limit a file must stand, as a factor, so that the sampling of a run does
      not decide; a function of the drivers at the limit.
    * ``factor``: standard deviation of the systematic factor as a driver; 0 where it is none.
    * ``close``: how closely, as a share of its length, a point is moved to where the limit is reached.
    """

    free: tuple[str, ...]
    along: tuple[str, ...]
    held: tuple[str, ...]
    loss: Callable[[tuple[str, ...], Float2D], Float1D]
    measured: Callable[[Drivers], float]
    beyond: Callable[[Drivers], float]
    factor: float = 0.0
    close: float = 1e-4


def drivers_of(plan: Plan, moves: Mapping[str, float]) -> Drivers:
    """Return the drivers of the file that a breach with these moves becomes."""
    unit = _unit_scenario(tuple(moves), typologies(plan) if FRAUD in moves else ())
    written = compiling.drivers(with_moves(unit, moves), plan.clock)
    return fed_back(plan.study, written)[0]


@lru_cache(maxsize=8)
def _unit_scenario(names: tuple[str, ...], frauds: tuple[str, ...]) -> FlatScenario:
    """Return the scenario of a breach that moves some drivers by 1, read back from the text of its file."""
    moves = dict.fromkeys(names, 1.0)
    text = breach_text(BreachText("breach", "breach", "", moves, "own", 0.0, DRAWDOWN, 1.0, frauds))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "breach.yaml"
        path.write_text(text, encoding="utf-8")
        return flat_scenario(str(path))


def moves_of(law: PriorLaw, u: Float1D) -> dict[str, float]:
    """Return the moves of a point by driver: points and percent."""
    return dict(zip(law.names, law.moves(u[None, :])[0].tolist(), strict=True))


def breach_model(plan: Plan, question: Question) -> BreachModel:
    """Return the model of a question; raises StudyError for a study without such a part, or too short."""
    study = plan.study
    if getattr(study, question.world) is None:
        raise StudyError(
            f"{question.metric}: the study has no {question.world} part",
            place=f"study {study.id}",
            remedy=f"add `{question.world}:`, or ask for another metric",
        )
    if question.metric == DRAWDOWN and plan.clock.sessions <= YEAR:
        raise StudyError(
            f"{question.metric}: the market has {plan.clock.sessions} sessions",
            place="market.sessions",
            expected=f"more than {YEAR}: a breach takes four quarters",
            remedy="lengthen the market",
        )
    if question.metric == FRAUD_LOSS:
        return _fraud_model(plan)
    if question.metric == SHORTFALL:
        return _shortfall_model(plan)
    book = passed_book(plan) if study.credit else []
    read = linked_variables(book, drivers_of(plan, {FACTOR: 1.0})) if book else ()
    held = without_history(read)
    linked = tuple(name for name in read if name not in held)
    if question.metric == DRAWDOWN:
        return BreachModel((EQUITY,), linked, held, _fall, _lowest_anchor, lambda _: _TICK)
    return _credit_model(plan, question, book, linked, held)


def _fraud_model(plan: Plan) -> BreachModel:
    measured = fraud_losses(plan)
    table = tabulated(lambda move: measured(drivers_of(plan, {FRAUD: move})))

    def loss(names: tuple[str, ...], moves: Float2D) -> Float1D:
        return table(moves[:, names.index(FRAUD)])

    return BreachModel((FRAUD,), (), (), loss, measured, lambda _: 1.0, close=_COARSE)


def _shortfall_model(plan: Plan) -> BreachModel:
    measured = shortfalls(plan)
    book = passed_book(plan) if plan.study.credit and are_customers(plan) else []
    linked = linked_variables(book, drivers_of(plan, {FACTOR: 1.0})) if book else ()
    along, held = beside_purse(linked)
    loss = added_up(lambda moves: measured(drivers_of(plan, moves) if moves else plan.drivers["base"]), along)
    with_market = (*along, EQUITY) if plan.study.market else along
    return BreachModel(PURSE, with_market, held, loss, measured, lambda _: 1.0, close=_COARSE)


def _fall(names: tuple[str, ...], moves: Float2D) -> Float1D:
    found: Float1D = -moves[:, names.index(EQUITY)] / 100.0
    return found


def _lowest_anchor(drivers: Drivers) -> float:
    return max((-anchor.move for anchor in drivers.anchors), default=0.0)


def _credit_model(
    plan: Plan, question: Question, book: list[pa.Table], linked: tuple[str, ...], held: tuple[str, ...]
) -> BreachModel:
    settings, streams = credit_settings(plan), plan.streams.under("credit")
    part = plan.study.credit
    assert part is not None
    total = float(sum(pc.sum(shard["balance"]).as_py() or 0 for shard in book))
    if not total:
        raise StudyError("the book has no balance", place="credit", remedy="use loans that still owe money")

    def of_panel(shards: list[pa.Table], drivers: Drivers) -> float:
        lost = [
            pc.sum(panel(some, drivers, streams, settings, shard)["loss"]).as_py() or 0
            for shard, some in enumerate(shards)
            if some.num_rows
        ]
        return float(sum(lost)) / total

    def of_year(shards: list[pa.Table], drivers: Drivers) -> float:
        return (
            float(sum(one_year_loss(some, drivers, settings).sum() for some in shards if some.num_rows))
            / total
        )

    def beyond(drivers: Drivers) -> float:
        drawn = losses(pa.concat_tables(book), drivers, part.draws, streams, settings)
        return 1.0 + _ERRORS * float(drawn.std()) / math.sqrt(len(drawn)) / float(drawn.mean())

    loss_of = of_year if question.metric == EXPECTED_LOSS else of_panel
    probe = drivers_of(plan, dict.fromkeys((FACTOR, *linked, *held), 1.0))
    surface = book_surface(book, probe, loss_of)
    return BreachModel(
        linked,
        (EQUITY,) if plan.study.market else (),
        held,
        surface.loss,
        lambda drivers: loss_of(book, drivers),
        beyond if question.metric == EXPECTED_LOSS else lambda _: 1.0,
        math.sqrt(settings.sector_correlation),
    )
