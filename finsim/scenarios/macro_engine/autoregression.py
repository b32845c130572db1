"""A Bayesian vector autoregression with heavy-tailed surprises, by its posterior mode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.notation import Float1D, Float2D, Float3D
from finsim.scenarios.macro_engine.macro_history import MacroHistory, returns_to_mean
from finsim.scenarios.macro_engine.minnesota_prior import lagged, prior_rows

PASSES = 200
SETTLED = 1e-8


@dataclass(frozen=True)
class MacroSettings:
    """How the engine learns; all but the last were chosen by the errors of ``benchmarks/macro_engine.py``.

    lags : quarters of the past that act. tightness : s.d. of the own first lag under the prior; 0.1 errs less
    than what the marginal likelihood prefers (0.2 to 0.3). together : s.d. of the beliefs on sums of
    coefficients and on a common start. freedom : degrees of freedom of the surprises; assumption: 5, the
    likelihood of the bundled history is flat from 3 to 5 and falls beyond.
    """

    lags: int = 2
    tightness: float = 0.1
    together: float = 1.0
    freedom: float = 5.0


@dataclass(frozen=True)
class MacroModel:
    """What was learned: ``coefficients`` [lags, k, k], ``constant`` [k], ``together``, ``surprises`` [k, k].

    ``together`` is the covariance of the t law of surprises: how they come together in most quarters;
    ``surprises`` that of all surprises of the history, 2020 with its full weight. ``weights`` [T - lags] says
    how much each quarter counted, ``tightness`` which prior was taken.
    """

    history: MacroHistory
    coefficients: Float3D
    constant: Float1D
    together: Float2D
    surprises: Float2D
    weights: Float1D


def learn(history: MacroHistory, settings: MacroSettings | None = None) -> MacroModel:
    """Return the posterior mode of a vector autoregression with t surprises under the Minnesota prior.

    Weights of the quarters are those of a multivariate t law, iterated with the coefficients to their fixed
    point. Source: Banbura, Giannone and Reichlin 2010 (prior by rows); Lange, Little and Taylor 1989 (t by
    weights); why 2020 must not set the coefficients: Lenza and Primiceri 2022.
    """
    given = settings or MacroSettings()
    values, lags = history.values, given.lags
    persistence = np.array([0.0 if returns_to_mean(name) else 1.0 for name in history.names])
    target, past = values[lags:], lagged(values, lags)
    left, right = prior_rows(values, persistence, lags, given.tightness, given.together)
    found, weights = _settled(left, right, past, target, given.freedom)
    scale = posterior(left, right, past, target, weights)[1]
    surprise = target - past @ found
    k = len(history.names)
    return MacroModel(
        history=history,
        coefficients=found[:-1].reshape(lags, k, k).transpose(0, 2, 1),
        constant=found[-1],
        together=scale * given.freedom / (given.freedom - 2.0),
        surprises=surprise.T @ surprise / len(surprise),
        weights=weights,
    )


def _settled(
    left: Float2D, right: Float2D, past: Float2D, target: Float2D, freedom: float
) -> tuple[Float2D, Float1D]:
    """Return coefficients [lags x k + 1, k] and weights [T] at their common fixed point."""
    k = target.shape[1]
    weights = np.ones(len(target))
    found = np.zeros((past.shape[1], k))
    for _ in range(PASSES):
        found, scale = posterior(left, right, past, target, weights)
        surprise = target - past @ found
        distance = np.einsum("ij,ij->i", surprise, np.linalg.solve(scale, surprise.T).T)
        new = (freedom + k) / (freedom + distance)
        if np.abs(new - weights).max() < SETTLED:
            break
        weights = new
    return found, weights


def posterior(
    left: Float2D, right: Float2D, past: Float2D, target: Float2D, weights: Float1D
) -> tuple[Float2D, Float2D]:
    """Return the posterior mean of the coefficients [lags x k + 1, k] and the surprises' scale [k, k]."""
    root = np.sqrt(weights)[:, None]
    x, y = np.vstack([left, past * root]), np.vstack([right, target * root])
    found = np.linalg.solve(x.T @ x, x.T @ y)
    rest = y - x @ found
    return found, rest.T @ rest / (len(x) - x.shape[1])
