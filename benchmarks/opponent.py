"""An opponent who picks evasions against a bank that learns from what it comes to know.

Run: ``OMP_NUM_THREADS=1 python benchmarks/opponent.py [--rounds 30] [--rules ucb thompson uniform]
[--accounts 1500] [--days 45] [--schemes 5] [--budget 0.005] [--seed 900] [--picture FILE.png]``.

A round is a period of ``days`` of a new world. The opponent plays one of ARMS, a part of the dial ``evade``
at its end, in all stories. The bank stops payments by five rules of a text book and by boosted trees on the
graph features, each at half of ``budget`` of all payments by a limit of the round before. Trees learn from
the labels that were known when the round began (``known_on``); at first there are the rules alone. Once a
payment of a scheme is stopped, so is all that follows in it. Reward is the money of schemes that got through
less what was stopped, over the money of a plain round: evasions that move less money earn less.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
import pandas as pd
from bandit import RULES, Bandit
from bank_world import LEARNED
from detection.rules import rule_scores
from sklearn.ensemble import HistGradientBoostingClassifier

from finsim.agents.narratives.evasion_dial import dialled
from finsim.agents.narratives.narrative import Narrative, load_narratives
from finsim.agents.narratives.narrative_variants import EVASIONS
from finsim.agents.settings import DEFAULT_NARRATIVES, NarrativeUse, Settings
from finsim.agents.simulate import simulate
from finsim.evaluation.detector_features import features
from finsim.evaluation.learner import one_thread
from finsim.randomness import Streams
from finsim.records.transactions import FEATURE_SCHEMA

ARMS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "small sums": ("threshold_avoid", "mimic_amounts", "mimic_habit"),
    "slow": ("chain_delay",),
    "more mules": ("more_accounts", "cross_bank"),
    "day time": ("mimic_hours",),
    "ordinary ways": ("mimic_channels", "commingle"),
    "own device": (),
    "all": EVASIONS,
}
FACTS = ["is_fraud", "is_laundering", "instance", "phase", "status", "amount", "known_on"]
NEVER, REMEMBERED = 10**6, 8
"""Day of a label that nobody ever knew; rounds that the trees learn from."""


@dataclass(frozen=True)
class Period:
    """One round: features and rule scores of payments, what is true of them, on what day each is known."""

    table: np.ndarray
    rules: np.ndarray
    facts: pd.DataFrame
    known: np.ndarray

    def some(self, seed: int) -> Period:
        """Return all payments of schemes and a share of the others: what the trees learn from."""
        drawn = np.random.default_rng(seed).random(len(self.rules)) < LEARNED
        keep = drawn | (self.facts["instance"] >= 0).to_numpy() | (self.known < NEVER)
        return Period(self.table[keep], self.rules[keep], self.facts[keep], self.known[keep])


def hiding(story: Narrative, arm: str) -> Narrative:
    """Return a story with the evasions of an arm."""
    if arm == "own device" and not story.decoy:
        own = tuple(phase.model_copy(update={"device": {"own": 1.0}}) for phase in story.phases)
        return story.model_copy(update={"phases": own})
    return dialled(story, 1.0, ARMS[arm]) if ARMS[arm] else story


def played(arm: str, given: argparse.Namespace, seed: int) -> Period:
    """Return a period of a new world in which all stories play an arm."""
    uses = tuple(NarrativeUse(use.name, count=given.schemes) for use in DEFAULT_NARRATIVES)
    settings = Settings(accounts=given.accounts, days=given.days, narratives=uses)
    stories = [hiding(story, arm) for story in load_narratives([use.name for use in uses])]
    made = simulate(settings, Streams(seed), stories=stories)
    facts = made.rows.select(FACTS).to_pandas()
    day = (facts["known_on"] - pd.Timestamp(settings.start)).dt.days
    shown = made.rows.select(FEATURE_SCHEMA.names).to_pandas()
    table = features(made).to_numpy(dtype=np.float32)
    return Period(table, rule_scores(shown), facts, day.fillna(NEVER).to_numpy().astype(int))


class Bank:
    """Remembers periods, learns from what it knows of them, and stops payments."""

    def __init__(self, given: argparse.Namespace) -> None:
        self._given = given
        self._past: list[tuple[int, Period]] = []
        self._model: HistGradientBoostingClassifier | None = None
        self._limits = (np.inf, np.inf)
        self.known = 0

    def stops(self, period: Period) -> np.ndarray:
        """Return which payments of a period the rules or the trees stop."""
        found = period.rules >= self._limits[0]
        return found if self._model is None else found | (self._scored(period) >= self._limits[1])

    def learn(self, number: int, period: Period) -> None:
        """Keep a period that is over, and prepare for the next one with what is known by its begin."""
        self._past = [*self._past, (number, period.some(number))][-REMEMBERED:]
        now = (number + 1) * self._given.days
        told = [past.known + at * self._given.days <= now for at, past in self._past]
        label = np.concatenate(told)
        self.known = int(label.sum())
        if self.known >= 10:
            self._model = HistGradientBoostingClassifier(
                max_iter=80, learning_rate=0.1, max_leaf_nodes=15, l2_regularization=10.0, max_features=0.3,
                early_stopping=False, random_state=0,
            )  # fmt: skip
            with one_thread():
                self._model.fit(np.concatenate([past.table for _, past in self._past]), label)
        trees = self._scored(period) if self._model is not None else np.zeros(1)
        share = 1.0 - self._given.budget / 2.0
        self._limits = (float(np.quantile(period.rules, share)), float(np.quantile(trees, share)))

    def _scored(self, period: Period) -> np.ndarray:
        assert self._model is not None
        with one_thread():
            return self._model.predict_proba(period.table)[:, 1]


def money(period: Period, stopped: np.ndarray) -> tuple[float, float]:
    """Return what got through and what was stopped of the acts of schemes, in units."""
    facts = period.facts
    act = (facts["is_fraud"] | facts["is_laundering"]) & (facts["phase"].astype(str) != "spend")
    mine = facts[act & (facts["status"].astype(str) == "posted")]
    late = pd.Series(stopped[mine.index], mine.index).groupby(mine["instance"]).cummax()
    return float(mine.loc[~late, "amount"].sum()) / 100.0, float(mine.loc[late, "amount"].sum()) / 100.0


def duel(rule: str, given: argparse.Namespace) -> pd.DataFrame:
    """Return the rounds of one rule of play: arm, money through and stopped, reward, labels known."""
    bank, bandit, names = Bank(given), Bandit(len(ARMS), rule, Streams(given.seed)), list(ARMS)
    before = played("plain", given, given.seed)
    scale = sum(money(before, np.zeros(len(before.rules), dtype=bool)))
    bank.learn(0, before)
    rounds = []
    for number in range(1, given.rounds + 1):
        arm = bandit.choose()
        period = played(names[arm], given, given.seed + number)
        known, stopped = bank.known, bank.stops(period)
        through, caught = money(period, stopped)
        reward = float(np.clip((through - caught) / scale, -1.0, 1.0))
        bandit.learn(arm, (1.0 + reward) / 2.0)
        bank.learn(number, period)
        rounds.append((number, names[arm], through, caught, reward, known, float(stopped.mean())))
    columns = ["round", "arm", "through", "stopped", "reward", "known", "alerts"]
    return pd.DataFrame(rounds, columns=columns)


def report(rule: str, rounds: pd.DataFrame) -> None:
    """Print the curve of one rule of play by thirds, and what it played."""
    thirds = np.minimum((rounds["round"] - 1) * 3 // len(rounds), 2)
    curve = rounds.groupby(thirds)["reward"].mean()
    share = rounds["through"].sum() / (rounds["through"] + rounds["stopped"]).sum()
    words = " ".join(f"{value:+.2f}" for value in curve)
    print(f"{rule:9s} reward by thirds {words}  through {share:.0%}  alerts {rounds['alerts'].mean():.2%}")
    arms = rounds.groupby("arm")["reward"].agg(["size", "mean"]).sort_values("size", ascending=False)
    told = ", ".join(f"{name} {int(count)}x {mean:+.2f}" for name, count, mean in arms.itertuples())
    print(" " * 10 + told, flush=True)


def picture(found: dict[str, pd.DataFrame], path: str) -> None:
    """Draw the running mean of the reward of five rounds of each rule of play."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 3.2), dpi=100)
    axes = figure.subplots()
    for rule, rounds in found.items():
        axes.plot(rounds["round"], rounds["reward"].rolling(5, min_periods=1).mean(), label=rule)
    axes.set(xlabel="round", ylabel="reward, mean of five rounds")
    axes.axhline(0.0, color="0.8", linewidth=0.8)
    axes.legend(frameon=False)
    figure.tight_layout()
    FigureCanvasAgg(figure).print_png(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--rules", nargs="+", default=list(RULES), choices=RULES)
    parser.add_argument("--accounts", type=int, default=1_500)
    parser.add_argument("--days", type=int, default=45)
    parser.add_argument("--schemes", type=int, default=5)
    parser.add_argument("--budget", type=float, default=0.005)
    parser.add_argument("--seed", type=int, default=900)
    parser.add_argument("--rows", action="store_true")
    parser.add_argument("--picture")
    given = parser.parse_args()
    found = {}
    for rule in given.rules:
        found[rule] = duel(rule, given)
        report(rule, found[rule])
        if given.rows:
            print(found[rule].round(3).to_string(index=False))
    if given.picture:
        picture(found, given.picture)


if __name__ == "__main__":
    main()
