"""Judge scores of the test world: average precision, recall within a budget of alerts, intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

BUDGETS = (0.001, 0.005)
"""Shares of all payments that may be alerted."""
DRAWS = 1_000


@dataclass(frozen=True)
class Verdict:
    """Figures by name with the ends of their 95 % intervals, schemes drawn again; recall by story."""

    figures: dict[str, tuple[float, float, float]]
    stories: pd.DataFrame


def judged(answers: pd.DataFrame, scores: np.ndarray, seed: int = 0) -> Verdict:
    """Return what scores of all payments, in the order of ``tx_id``, find of the acts.

    Acts are labelled payments; what mules and helpers buy in everyday shops (phase ``spend``) is neither
    found nor missed: those rows are left out. Ties are broken at random, so that equal scores find nothing.
    Raises ValueError for scores that are not finite or not one a payment.
    """
    scores = np.asarray(scores, dtype=float)
    if scores.shape != (len(answers),) or not np.isfinite(scores).all():
        raise ValueError(f"{len(answers)} finite scores are wanted, one a payment in order of tx_id")
    label = (answers["is_fraud"] | answers["is_laundering"]).to_numpy()
    kept = (answers["phase"].astype(str) != "spend").to_numpy()
    label, facts = label[kept], answers[kept]
    rng = np.random.default_rng(seed)
    order = np.lexsort((rng.random(kept.sum()), -scores[kept]))
    label, scheme = label[order], facts["instance"].to_numpy()[order]
    at = np.flatnonzero(label)
    ranked = _Ranked(at, at - np.arange(len(at)), len(label))
    schemes, member = np.unique(scheme[at], return_inverse=True)
    found = ranked.figures(np.ones(len(at)))
    drawn = []
    for _ in range(DRAWS):
        times = rng.multinomial(len(schemes), np.full(len(schemes), 1 / len(schemes)))
        drawn.append(list(ranked.figures(times[member].astype(float)).values()))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    told = facts.iloc[order[at]].assign(alerted=at < BUDGETS[-1] * len(label)).astype({"narrative": str})
    return Verdict(
        {name: (value, low[k], high[k]) for k, (name, value) in enumerate(found.items())},
        told.groupby("narrative")["alerted"].agg(["size", "mean"]).round(3),
    )


@dataclass(frozen=True)
class _Ranked:
    """Acts in the order of their scores: places among all payments, other payments above each, how many."""

    place: np.ndarray
    above: np.ndarray
    size: int

    def figures(self, weight: np.ndarray) -> dict[str, float]:
        """Return every figure, where each act counts ``weight`` times."""
        hits, total = np.cumsum(weight), weight.sum()
        precision = hits / np.maximum(hits + self.above, 1e-9)
        found = {
            "AP": float((weight * precision).sum() / total),
            "F1": float((2 * hits / (hits + self.above + total)).max()),
        }
        for budget in BUDGETS:
            found[f"recall {budget:.1%}"] = float(weight[self.place < budget * self.size].sum() / total)
        return found
