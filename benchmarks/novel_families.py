"""Does synthetic fraud of a family help to find that family when it was never seen? Leave one family out.

Run: ``OMP_NUM_THREADS=1 python benchmarks/novel_families.py [--accounts 6000] [--schemes 20] [--budget 0.005]
[--train 701 702] [--test 703 704] [--synthetic 705 706] [--families cards scams ...]``.

World R stands for the bank: schemes hide (dial 0.3). World S is finsim as a user has it: another population,
period, prevalence and dial (0), so S is no oracle. A *family* is held out: R is simulated without any scheme
of it, so no account or later money of it is in training either. Trees learn on

* ``real``: R without the family;
* ``balanced``: the same, its schemes repeated until they are as many as with S (class balance alone);
* ``others``: with the other families of S;
* ``family``: with all of S, the held-out family too;
* ``hidden``: the same, the family of S at dial 1 (wrong parameters);
* ``oracle``: R with the family.

The alert threshold is taken on a world of R without the family, at a share ``budget`` of its rows, and kept.
Recall is the mean over held-out schemes of the share of their rows that is alerted (not everyday shopping of
who takes part); intervals are 95 % bootstraps over schemes. The cost is the recall of known families and the
share of rows of benign twins that is alerted.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from bank_world_twins import PAIRS
from sklearn.ensemble import HistGradientBoostingClassifier

from finsim.agents.settings import NarrativeUse, Settings
from finsim.agents.simulate import simulate
from finsim.evaluation.detector_features import features
from finsim.evaluation.learner import one_thread
from finsim.randomness import Streams

FAMILIES = {
    "takeover": ("account_takeover",),
    "scams": ("app_scam_mule_chain", "advance_fee_fraud", "romance_scam", "investment_scam_with_returns"),
    "cards": ("card_testing_escalation", "card_not_present_fraud", "lost_or_stolen_card"),
    "placement": ("scatter_gather_structuring", "funnel_account", "cuckoo_smurfing"),
    "layering": ("account_ring_layering", "rapid_movement", "mule_network", "layering_cycle"),
    "firms": ("business_email_compromise", "trade_over_invoicing", "shell_company_layering"),
}
TWINS = {name: PAIRS[name] for names in FAMILIES.values() for name in names if name in PAIRS}
ARMS = ("real", "balanced", "others", "family", "hidden", "oracle")
LEARNED, DRAWS = 0.06, 1_000


@dataclass(frozen=True)
class Rows:
    """Features float32[n, F], and of each row: its story ("" in ordinary life), scheme, label, weight."""

    table: np.ndarray
    story: np.ndarray
    scheme: np.ndarray
    illicit: np.ndarray

    def where(self, keep: np.ndarray) -> Rows:
        """Return some of the rows."""
        return Rows(self.table[keep], self.story[keep], self.scheme[keep], self.illicit[keep])

    def without(self, family: str) -> Rows:
        """Return all rows but those of a family's schemes."""
        return self.where(~np.isin(self.story, FAMILIES[family]))

    def ordinary(self, share: float, seed: int) -> Rows:
        """Return all rows of schemes and a share of the others."""
        drawn = np.random.default_rng(seed).random(len(self.story)) < share
        return self.where((self.story != "") | drawn)


def world(settings: Settings, left_out: str, schemes: int, seed: int) -> Rows:
    """Return the rows of a world with so many schemes of each story, but those of one family, and twins."""
    stories = [name for family, names in FAMILIES.items() if family != left_out for name in names]
    uses = tuple(NarrativeUse(name, count=schemes) for name in [*stories, *sorted(set(TWINS.values()))])
    made = simulate(Settings(**{**settings.__dict__, "narratives": uses}), Streams(seed))
    facts = made.rows.select(["is_fraud", "is_laundering", "narrative", "phase", "instance"]).to_pandas()
    shopping = (facts["phase"].astype(str) == "spend").to_numpy()
    told = facts["narrative"].astype(object).fillna("").to_numpy().astype(str)
    illicit = (facts["is_fraud"] | facts["is_laundering"]).to_numpy()
    table = features(made).to_numpy(dtype=np.float32)
    found = Rows(table, told, facts["instance"].to_numpy() + 1_000_000_000 * seed, illicit)
    return found.where(~shopping)


def joined(parts: list[Rows]) -> Rows:
    """Return the rows of all parts."""
    names = ("table", "story", "scheme", "illicit")
    return Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def trained(rows: Rows) -> HistGradientBoostingClassifier:
    """Return trees that learned the rows."""
    model = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.06, max_leaf_nodes=31, l2_regularization=10.0, max_features=0.3,
        early_stopping=False, random_state=0,
    )  # fmt: skip
    with one_thread():
        return model.fit(rows.table, rows.illicit)


def scores(model: HistGradientBoostingClassifier, rows: Rows) -> np.ndarray:
    """Return the scores of all rows."""
    with one_thread():
        return model.predict_proba(rows.table)[:, 1]


def by_scheme(rows: Rows, alerted: np.ndarray, stories: tuple[str, ...]) -> pd.Series:
    """Return the share of alerted acts of every scheme of some stories."""
    mine = rows.illicit & np.isin(rows.story, stories)
    return pd.Series(alerted[mine]).groupby(rows.scheme[mine]).mean()


def arms(family: str, given: argparse.Namespace, synthetic: Rows, hidden: Rows) -> dict[str, Rows]:
    """Return what each arm learns."""
    without = joined([world(bank(given), family, given.schemes, seed).ordinary(LEARNED, seed)
                      for seed in given.train])  # fmt: skip
    whole = joined([world(bank(given), "", given.schemes, seed).ordinary(LEARNED, seed)
                    for seed in given.train])  # fmt: skip
    own = hidden.where(np.isin(hidden.story, FAMILIES[family]))
    more = int(synthetic.illicit.sum())
    again = np.flatnonzero(without.illicit)
    repeated = np.resize(again, more)
    return {
        "real": without,
        "balanced": joined([without, without.where(repeated)]),
        "others": joined([without, synthetic.without(family)]),
        "family": joined([without, synthetic]),
        "hidden": joined([without, synthetic.without(family), own]),
        "oracle": whole,
    }


def bank(given: argparse.Namespace) -> Settings:
    """Return the bank of the trial."""
    return Settings(accounts=given.accounts, days=90, evade=0.3)


def interval(found: pd.Series) -> str:
    """Return the mean of schemes with its bootstrap interval."""
    rng, values = np.random.default_rng(0), found.to_numpy()
    means = rng.choice(values, (DRAWS, len(values))).mean(axis=1)
    return f"{values.mean():.3f} [{np.quantile(means, 0.025):.3f}, {np.quantile(means, 0.975):.3f}]"


def tried(family: str, given: argparse.Namespace, tests: list[Rows], synthetic: Rows, hidden: Rows) -> None:
    """Print what every arm finds of a held-out family, and at which cost."""
    threshold_world = world(bank(given), family, given.schemes, given.train[0] + 50)
    known = tuple(name for other, names in FAMILIES.items() if other != family for name in names)
    found: dict[str, pd.Series] = {}
    for arm, rows in arms(family, given, synthetic, hidden).items():
        model = trained(rows)
        limit = np.quantile(scores(model, threshold_world), 1 - given.budget)
        alerts = [scores(model, test) >= limit for test in tests]
        pairs = list(zip(tests, alerts, strict=True))
        own = pd.concat([by_scheme(test, alert, FAMILIES[family]) for test, alert in pairs])
        others = pd.concat([by_scheme(test, alert, known) for test, alert in pairs])
        twins = np.concatenate([alert[np.isin(test.story, list(TWINS.values()))] for test, alert in pairs])
        found[arm] = own
        gain = "" if arm == "real" else f"  gain {interval(own - found['real'])}"
        cost = f"known {others.mean():.3f}  twins {twins.mean():.3f}"
        print(f"{family:10s} {arm:9s} {interval(own)}  {cost}{gain}", flush=True)
    gap = found["oracle"].mean() - found["real"].mean()
    share = (found["family"].mean() - found["real"].mean()) / gap if gap > 0 else float("nan")
    print(
        f"{family:10s} of the gap to the oracle ({gap:+.3f}) synthetic schemes close {share:.0%}", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=6_000)
    parser.add_argument("--schemes", type=int, default=20)
    parser.add_argument("--budget", type=float, default=0.005)
    parser.add_argument("--train", type=int, nargs="+", default=[701, 702])
    parser.add_argument("--test", type=int, nargs="+", default=[703, 704])
    parser.add_argument("--synthetic", type=int, nargs="+", default=[705, 706])
    parser.add_argument("--families", nargs="+", default=list(FAMILIES), choices=list(FAMILIES))
    given = parser.parse_args()
    base = {"accounts": int(given.accounts * 0.7), "days": 60, "start": date(2025, 4, 1), "banks": 3}
    plain, evading = Settings(**base), Settings(**base, evade=1.0)
    synthetic, hidden = (
        joined([world(one, "", given.schemes, seed).ordinary(LEARNED, seed) for seed in given.synthetic])
        for one in (plain, evading)
    )
    tests = [world(bank(given), "", given.schemes, seed) for seed in given.test]
    for family in given.families:
        tried(family, given, tests, synthetic, hidden)


if __name__ == "__main__":
    sys.exit(main())
