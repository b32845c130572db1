"""A seeded bandit: which of some arms to play next, from the rewards so far."""

from __future__ import annotations

import numpy as np

from finsim.randomness import Streams

RULES = ("ucb", "thompson", "uniform")
FORGET, WIDTH, SPREAD, PRIOR = 0.95, 0.35, 0.2, 0.5
"""assumption: weight of a reward a round later; width of the bound; standard deviation of one reward; mean
and standard deviation of an arm before it is played."""


class Bandit:
    """Plays arms 0 to ``arms`` - 1 for rewards of 0 to 1; old ones count less, since the other side learns.

    ``ucb``: discounted UCB (Garivier and Moulines 2011, equation 3); ``thompson``: a draw from a normal
    posterior of each arm's mean (Thompson 1933); ``uniform``: any arm.
    """

    def __init__(self, arms: int, rule: str, streams: Streams) -> None:
        if rule not in RULES:
            raise ValueError(f"{rule}: expected one of {', '.join(RULES)}")
        self._rule, self._rng = rule, streams.at("bandit", rule)
        self.plays, self.sums = np.zeros(arms), np.zeros(arms)
        """Discounted number of plays and sum of rewards of each arm."""

    def choose(self) -> int:
        """Return the arm of the next round; one that nobody has played comes first, but for ``uniform``."""
        new = np.flatnonzero(self.plays == 0)
        if self._rule == "uniform":
            return int(self._rng.integers(len(self.plays)))
        if len(new):
            return int(self._rng.choice(new))
        mean = self.sums / self.plays
        if self._rule == "ucb":
            bound = WIDTH * np.sqrt(2.0 * np.log(self.plays.sum() + 1.0) / self.plays)
            return int((mean + bound).argmax())
        precision = 1.0 / PRIOR**2 + self.plays / SPREAD**2
        middle = (PRIOR / PRIOR**2 + self.sums / SPREAD**2) / precision
        return int((middle + self._rng.standard_normal(len(mean)) / np.sqrt(precision)).argmax())

    def learn(self, arm: int, reward: float) -> None:
        """Take the reward of the arm that was played."""
        self.plays *= FORGET
        self.sums *= FORGET
        self.plays[arm] += 1.0
        self.sums[arm] += reward
