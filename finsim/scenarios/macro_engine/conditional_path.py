"""The likeliest course of all variables when some of them are given at some quarters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.notation import Float2D, Float3D
from finsim.scenarios.macro_engine.autoregression import MacroModel


@dataclass(frozen=True)
class ConditionalPath:
    """A course of quarters, in the units of the history: all arrays are float64 [quarters, k].

    ``free`` : expected where nothing is given; ``path`` : expected given; ``deviations`` : s.d. around
    ``path``, 0 where given; ``distance`` : of the given values from ``free``, in s.d. (Mahalanobis).
    """

    free: Float2D
    path: Float2D
    deviations: Float2D
    distance: float


def conditional_path(
    model: MacroModel, quarters: int, given: Mapping[tuple[int, int], float]
) -> ConditionalPath:
    """Return the course given values at (quarter from 0, variable), by the law of the surprises.

    Surprises come together as in most quarters (``model.together``), else the one quarter of 2020, when jobs
    fell and houses did not, would decide what follows from unemployment; the distance is measured with those
    of the whole history. Coefficients are taken as known. The given values hold to rounding. Source:
    Waggoner and Zha 1999; Antolin-Diaz, Petrella and Rubio-Ramirez 2021 (least relative
    entropy: half the squared distance).
    """
    k = len(model.history.names)
    free = forecast(model, quarters)
    spread = responses(model.coefficients, model.together, quarters)
    if not given:
        deviations = np.sqrt(np.einsum("ij,ij->i", spread, spread)).reshape(quarters, k)
        return ConditionalPath(free, free, deviations, 0.0)
    rows = [quarter * k + variable for quarter, variable in given]
    asked = spread[rows]
    miss = np.array(list(given.values())) - free.ravel()[rows]
    gram = asked @ asked.T
    pulled = np.linalg.solve(gram, miss)
    path = (free.ravel() + spread @ (asked.T @ pulled)).reshape(quarters, k)
    rest = spread - (spread @ asked.T) @ np.linalg.solve(gram, asked)
    deviations = np.sqrt(np.einsum("ij,ij->i", rest, rest)).reshape(quarters, k)
    for (quarter, variable), value in given.items():
        path[quarter, variable], deviations[quarter, variable] = value, 0.0
    usual = responses(model.coefficients, model.surprises, quarters)[rows]
    squared = float(miss @ np.linalg.solve(usual @ usual.T, miss))
    return ConditionalPath(free, path, deviations, float(np.sqrt(max(squared, 0.0))))


def forecast(model: MacroModel, quarters: int) -> Float2D:
    """Return the expected course without any surprise: float64 [quarters, k]."""
    lags = len(model.coefficients)
    rows = list(model.history.values[-lags:])
    for _ in range(quarters):
        acts = (own @ rows[-1 - lag] for lag, own in enumerate(model.coefficients))
        rows.append(model.constant + sum(acts))
    return np.array(rows[lags:])


def moving_averages(coefficients: Float3D, quarters: int) -> Float3D:
    """Return how a surprise acts 0, 1, ... quarters later: float64 [quarters, k, k]."""
    k = coefficients.shape[1]
    found = np.zeros((quarters, k, k))
    found[0] = np.eye(k)
    for at in range(1, quarters):
        for lag in range(min(len(coefficients), at)):
            found[at] += coefficients[lag] @ found[at - 1 - lag]
    return found


def responses(coefficients: Float3D, covariance: Float2D, quarters: int) -> Float2D:
    """Return the course [quarters x k] as a linear map of standard normal surprises [quarters x k]."""
    k = len(covariance)
    acts = moving_averages(coefficients, quarters) @ np.linalg.cholesky(covariance)
    found = np.zeros((quarters * k, quarters * k))
    for at in range(quarters):
        for since in range(at + 1):
            found[at * k : (at + 1) * k, since * k : (since + 1) * k] = acts[at - since]
    return found
