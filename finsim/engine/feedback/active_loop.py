"""The loop closed: a scenario's macro path with what it sets off, quarter after quarter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from finsim.engine.feedback.banks_and_households import Demand, Strength
from finsim.errors import StudyError
from finsim.notation import Float1D
from finsim.records.calendar import month_ends
from finsim.records.drivers import Drivers
from finsim.records.storage import canonical_json, digest_text
from finsim.scenarios.plausible.coherence import year_moves
from finsim.scenarios.variables import VARIABLES

QUARTER = 3
JOBS, GROWTH = "unemployment", "gdp_growth"
# assumption: points of unemployment per percent of GDP (Okun's law; Ball, Leigh and Loungani 2017, about .4).
OKUN = 0.4
BESIDE = ("bbb_spread", "house_prices", "cre_prices")
"""What goes along with unemployment as in the bundled history."""
MOST_GAIN = 1.0
_STEP = 1e-3


@dataclass(frozen=True)
class ActiveLoop:
    """What a scenario set off: ``shortfall`` of demand at quarter ends, percent of GDP, float64 [quarters].

    ``gain``: the largest, over the quarters, of what one percent of shortfall that lasts sets off in the next
    quarter, in percent; below 1, so that the loop dies out. ``added``: the largest move that each variable
    got besides its own, points or percent.
    """

    gain: float
    shortfall: Float1D
    added: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for the manifest."""
        return {"gain": self.gain, "shortfall": self.shortfall.tolist(), "added": dict(self.added)}

    def __str__(self) -> str:
        """Return the loop in a sentence."""
        moves = ", ".join(f"{name} {move:+.2f}" for name, move in self.added.items())
        return f"feedback of spending and lending: loop gain {self.gain:.2f} (below 1), adds at most {moves}"


def loads() -> dict[str, float]:
    """Return the move of each variable per percent of GDP that demand falls short: points, log percent.

    Unemployment by Okun's law, the others by their slope on unemployment in the four-quarter moves of the
    bundled history (growth, which follows from the shortfall's change, is not among them).
    """
    past = year_moves()
    jobs = past[JOBS]
    slopes = {name: float(np.cov(jobs, past[name])[0, 1] / jobs.var(ddof=1)) for name in BESIDE}
    return {JOBS: OKUN, **{name: OKUN * slope for name, slope in slopes.items()}}


def closed_loop(drivers: Drivers, strength: Strength) -> tuple[Drivers, ActiveLoop | None]:
    """Return the drivers with what their own moves set off added, and the loop; None where nothing moves.

    In each quarter demand falls short by what ``Demand`` makes of the moves of the quarter before, feedback
    included, and is reached in even steps; unemployment, growth, spread and prices follow it (``loads``).
    Raises StudyError where the loop gain reaches 1: then it would feed itself. Source: own.
    """
    reach = max([drivers.clock.months, *_step_months(drivers)])
    months = -(-reach // QUARTER) * QUARTER
    own = {name: _whole(drivers, name, months) for name in drivers.macro}
    along = loads()
    demand = Demand(drivers, strength)
    path, gains, ends = np.zeros(months), [0.0], [0.0]
    for quarter in range(months // QUARTER):
        now = slice(quarter * QUARTER, (quarter + 1) * QUARTER)

        def next_one(more: float, now: slice = now) -> float:
            return demand.shortfall(_moves(own, along, path + more, now))

        ends.append(next_one(0.0))
        gains.append((next_one(_STEP) - next_one(-_STEP)) / (2.0 * _STEP))
        ramp = np.arange(1, QUARTER + 1) / QUARTER
        path[now.stop : now.stop + QUARTER] = (ends[-2] + ramp * (ends[-1] - ends[-2]))[: months - now.stop]
    gain = max(gains)
    if gain >= MOST_GAIN:
        raise StudyError(
            f"the loop gain of {drivers.scenario} is {gain:.2f}",
            place="feedback",
            expected="below 1: else what households and banks set off feeds itself for ever",
            remedy="lower feedback.spending or feedback.credit, or the severity",
        )
    if not path.any():
        return drivers, None
    found = _added(drivers, own, _with_feedback(own, along, path), asdict(strength))
    added = {name: _largest(found.macro[name] - drivers.macro_series(name)) for name in (*along, GROWTH)}
    return found, ActiveLoop(gain, path[QUARTER - 1 :: QUARTER], added)


def _moves(
    own: Mapping[str, Float1D], along: Mapping[str, float], path: Float1D, now: slice
) -> dict[str, float]:
    """Return the moves of one quarter, feedback included: means of averages, else its last month."""
    found = {}
    for name in {*own, *along}:
        course = _one(name, own.get(name, np.zeros(len(path)))[now], along, path[now])
        found[name] = float(course.mean() if VARIABLES[name].timing == "average" else course[-1])
    return found


def _one(name: str, course: Float1D, along: Mapping[str, float], path: Float1D) -> Float1D:
    """Return a variable's course with what follows from a shortfall of demand [months] added."""
    if name not in along:
        return course
    more = along[name] * path
    if VARIABLES[name].kind == "delta":
        return course + more
    found: Float1D = 100.0 * ((1.0 + course / 100.0) * np.exp(more / 100.0) - 1.0)
    return found


def _with_feedback(
    own: Mapping[str, Float1D], along: Mapping[str, float], path: Float1D
) -> dict[str, Float1D]:
    nothing = np.zeros(len(path))
    found = {name: _one(name, own.get(name, nothing), along, path) for name in {*own, *along}}
    found[GROWTH] = found.get(GROWTH, nothing) - 12.0 * np.diff(path, prepend=0.0)
    return found


def _added(
    drivers: Drivers, own: Mapping[str, Float1D], whole: Mapping[str, Float1D], strength: dict[str, float]
) -> Drivers:
    """Return the drivers with other macro courses; steps move by the difference that their months show."""
    months, ends = len(next(iter(whole.values()))), _step_months(drivers)
    starts = [0, *ends[:-1]]
    steps = {}
    for name, course in whole.items():
        before = own.get(name, np.zeros(months))
        stated = drivers.macro_steps.get(name, np.zeros(len(ends)))
        price = VARIABLES[name].kind != "delta"
        change = np.log1p(course / 100.0) - np.log1p(before / 100.0) if price else course - before
        point = VARIABLES[name].timing == "point"
        moved = np.array(
            [
                change[e - 1] if point else change[min(s, e - 1) : e].mean()
                for s, e in zip(starts, ends, strict=True)
            ]
        )
        steps[name] = 100.0 * ((1.0 + stated / 100.0) * np.exp(moved) - 1.0) if price else stated + moved
    names = sorted(whole)
    return replace(
        drivers,
        digest=digest_text(canonical_json({"scenario": drivers.digest, "feedback": strength})),
        macro={name: whole[name][: drivers.clock.months] for name in names},
        macro_steps={name: steps[name] for name in names},
        macro_averages=tuple(name for name in names if VARIABLES[name].timing == "average"),
        macro_units={
            **{name: next(iter(VARIABLES[name].units.values())) for name in names},
            **drivers.macro_units,
        },
    )


def _step_months(drivers: Drivers) -> list[int]:
    """Return how many months of the clock have ended with each step of the scenario, at least 1."""
    if not drivers.step_dates:
        return []
    dates = np.array(drivers.step_dates, dtype="datetime64[D]")
    count = int((dates[-1] - np.datetime64(drivers.clock.start)).astype(int)) // 28 + 2
    ends = month_ends(drivers.clock.start, count)
    return [max(int(x), 1) for x in np.searchsorted(ends, dates, side="right")]


def _whole(drivers: Drivers, name: str, months: int) -> Float1D:
    """Return a macro course of so many months: beyond the clock as the scenario's steps say, then held."""
    known = drivers.macro_series(name)
    ends = _step_months(drivers)
    if len(known) >= months:
        return known[:months]
    at = np.arange(len(known) + 1, months + 1)
    step = np.minimum(np.searchsorted(ends, at), len(ends) - 1)
    return np.concatenate([known, drivers.macro_steps[name][step]])


def _largest(moves: Float1D) -> float:
    return float(moves[np.abs(moves).argmax()])
