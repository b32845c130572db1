"""How often a benign twin is alerted beside its story, for every shipped pair; part of ``bank_world.py``."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from finsim.agents.settings import NarrativeUse, Settings
from finsim.agents.simulate import simulate
from finsim.evaluation.detector_features import FEATURES, GROUPS, features
from finsim.evaluation.learner import one_thread
from finsim.randomness import Streams

ACCOUNTS, DAYS, SCHEMES, AT_A_TIME, BENIGN, BUDGET = 4_000, 90, 25, 11, 0.05, 0.01
COLUMNS = {"raw": GROUPS[:1], "graph": GROUPS}
PAIRS = dict(
    line.split()
    for line in """
advance_fee_fraud private_lessons
business_email_compromise supplier_account_change
card_not_present_fraud online_gift_season
elder_exploitation carer_payments
first_party_chargeback goods_sent_back
insider_theft savings_for_a_child
investment_scam_with_returns private_loan_with_interest
lost_or_stolen_card traveller_card_burst
merchant_collusion club_evening
refund_fraud honest_returns
romance_scam help_for_a_student
synthetic_identity_bust_out furnishing_on_credit
account_ring_layering payroll_fan_out
casino_chips theatre_group_tickets
crypto_cash_out crypto_savers
cuckoo_smurfing wedding_cash
funnel_account cash_heavy_shop
layering_bipartite club_dues_bipartite
layering_cycle savings_club_cycle
layering_fan_in crowdfunding_fan_in
layering_fan_out charity_fan_out
layering_gather_scatter landlord_gather_scatter
layering_random_walk borrowed_among_friends
layering_scatter_gather house_deposit_scatter_gather
layering_stack subcontractor_stack
mule_network festival_crew
rapid_movement flat_share_pass_through
real_estate_deposits house_bought_together
round_trip_investment advance_and_settlement
sanctions_corridor family_remittance
scatter_gather_structuring marketplace_gather_scatter
shell_company_layering subcontracting_chain
trade_over_invoicing import_season
trade_under_invoicing bulk_discount_trade
""".strip().splitlines()
)


def world(seed: int, names: list[str], groups: tuple[str, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return features and facts of a world in which each story and each twin has 25 schemes."""
    uses = tuple(NarrativeUse(name, count=SCHEMES) for name in names)
    made = simulate(Settings(accounts=ACCOUNTS, days=DAYS, narratives=uses), Streams(seed))
    facts = made.rows.select(["is_fraud", "is_laundering", "narrative"]).to_pandas()
    facts["illicit"] = facts.pop("is_fraud") | facts.pop("is_laundering")
    return features(made, groups=groups).reset_index(drop=True), facts.astype({"narrative": str})


def learned(
    worlds: list[tuple[pd.DataFrame, pd.DataFrame]], names: list[str]
) -> HistGradientBoostingClassifier:
    rng, tables, labels = np.random.default_rng(0), [], []
    for table, facts in worlds:
        told = facts["narrative"].isin([*PAIRS, *PAIRS.values()]).to_numpy()
        keep = told | (rng.random(len(facts)) < BENIGN)
        tables.append(table.loc[keep, names].to_numpy())
        labels.append(facts["illicit"].to_numpy()[keep])
    model = HistGradientBoostingClassifier(
        max_iter=100, max_leaf_nodes=15, l2_regularization=10.0, max_features=0.5, random_state=0
    )
    with one_thread():
        return model.fit(np.concatenate(tables), np.concatenate(labels))


def compared(story: pd.Series, twin: pd.Series, alerted: float) -> tuple[float, float, float]:
    """Return the alerted share of the story, of the twin, and the AUC of story against twin."""
    both, label = pd.concat([story, twin]), np.repeat([1, 0], [len(story), len(twin)])
    return (
        float((story >= alerted).mean()),
        float((twin >= alerted).mean()),
        float(roc_auc_score(label, both)),
    )


def twins(seeds: list[int], rungs: list[str]) -> None:
    """Print one line a pair: two worlds to learn and one to test, and again for three more seeds."""
    most = max((COLUMNS[rung] for rung in rungs), key=len)
    group, pairs = {one.name: one.group for one in FEATURES}, list(PAIRS.items())
    for at in range(0, len(pairs), AT_A_TIME):
        some = dict(pairs[at : at + AT_A_TIME])
        found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
        for begin in range(0, len(seeds), 3):
            worlds = [world(seed, [*some, *some.values()], most) for seed in seeds[begin : begin + 3]]
            for rung in rungs:
                names = [name for name in worlds[0][0] if group[name] in COLUMNS[rung]]
                model = learned(worlds[:2], names)
                table, facts = worlds[2]
                with one_thread():
                    score = pd.Series(model.predict_proba(table[names].to_numpy())[:, 1])
                alerted = float(score.quantile(1 - BUDGET))
                for story, twin in some.items():
                    own = (score[facts["narrative"] == name] for name in (story, twin))
                    found.setdefault((story, rung), []).append(compared(*own, alerted))
        for story, twin in some.items():
            said = []
            for rung in rungs:
                hit, false, area = np.mean(found[story, rung], axis=0)
                times = false / hit if hit > 0 else float("nan")
                said.append(f"{rung} {hit:.3f} {false:.3f} times {times:.2f} AUC {area:.2f}")
            print(f"{story:30s} {twin:30s} " + "   ".join(said), flush=True)
