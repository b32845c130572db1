"""Each shipped story plans and posts what its file says: counts, members, sums, motifs, order, labels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from finsim.agents.narratives.narrative import Narrative, load_narratives
from finsim.agents.narratives.ordinary_ways import strange_ways
from finsim.agents.narratives.payment_numbers import payments
from finsim.agents.narratives.story_faults import uses
from finsim.agents.population.population import Population, build_population
from finsim.agents.schemes.scheme_generation import scheme_orders
from finsim.agents.settings import NarrativeUse, Settings
from finsim.agents.simulate import simulate, unstressed
from finsim.agents.vocabulary import KINDS
from finsim.documents import shipped
from finsim.kernels.ledger import FIXED
from finsim.randomness import Streams

pytestmark = pytest.mark.sweep

NAMES = [path.stem for path in sorted(shipped("scenarios/narratives").glob("*.yaml"))]
SIZE = Settings(accounts=1_200, days=150, narratives=())
SCHEMES = 10


@lru_cache(maxsize=1)
def people() -> Population:
    return build_population(SIZE, Streams(3))


@dataclass(frozen=True)
class Planned:
    story: Narrative
    rows: pd.DataFrame


@lru_cache(maxsize=100)
def planned(name: str) -> Planned:
    (story,) = load_narratives([name])
    settings = Settings(
        accounts=SIZE.accounts, days=SIZE.days, narratives=(NarrativeUse(name, count=SCHEMES),)
    )
    orders, plan = scheme_orders(people(), [story], settings, Streams(3), unstressed(settings))
    assert len(plan) == SCHEMES
    columns = ("ts", "payer", "payee", "amount", "merchant", "plan_row")
    rows = pd.DataFrame({key: getattr(orders, key) for key in columns})
    at = rows.pop("plan_row").to_numpy()
    rows["scheme"] = plan.steps.scheme[at]
    rows["phase"] = np.array(plan.phases)[plan.phase[at]]
    rows["fixed"] = plan.steps.mode[at] == FIXED
    rows["start"] = plan.start[plan.steps.scheme[at]]
    # A scheme that time may have cut off says nothing of whole counts.
    rows["whole"] = plan.cut[plan.steps.scheme[at]] == 0
    return Planned(story, rows[~plan.steps.retry[at]].reset_index(drop=True))


@pytest.mark.parametrize("name", NAMES)
def test_counts_and_sums_are_those_of_the_file(name: str) -> None:
    story, rows = planned(name).story, planned(name).rows
    for phase in story.phases:
        mine = rows[rows["phase"].eq(phase.name) & rows["whole"]]
        low, high = payments(story, phase)
        counts = mine.groupby("scheme").size()
        assert counts.max() <= high if len(counts) else True, phase.name
        sure = phase.chance == 1.0 and phase.after != "receipt" and low > 0
        if sure:
            assert set(rows.loc[rows["whole"], "scheme"]) == set(counts.index), phase.name
            assert counts.min() >= low, phase.name
        fixed = mine.loc[mine["fixed"], "amount"]
        if phase.amount.below is not None:
            assert fixed.max() < phase.amount.below.threshold * 100
        if phase.amount.max is not None and len(fixed):
            assert fixed.max() <= phase.amount.max * 100
        if len(fixed) and not phase.amount.round_to and not story.level("mimic_amounts"):
            assert fixed.min() >= min(phase.amount.min, 1e9) * 100


@pytest.mark.parametrize("name", NAMES)
def test_who_pays_whom_is_the_motif_of_the_file(name: str) -> None:
    story, rows = planned(name).story, planned(name).rows
    kinds = people().accounts.kind
    assert (rows["payer"] != rows["payee"]).all()
    for phase in story.phases:
        mine = rows[rows["phase"].eq(phase.name)]
        select = story.roles[phase.payer].select
        if phase.via is None and phase.motif != "random_walk" and select.accounts:
            assert {KINDS[kind] for kind in kinds[mine["payer"]]} <= set(select.accounts)
        assert (mine["merchant"] >= 0).all() == bool(
            story.roles[phase.to].select.shops or select.shops or not len(mine)
        )
        for _, scheme in mine[mine["whole"]].groupby("scheme"):
            _of_motif(phase.motif, scheme)


def _of_motif(motif: str, rows: pd.DataFrame) -> None:
    payers, payees = set(rows["payer"]), set(rows["payee"])
    pairs = set(zip(rows["payer"], rows["payee"], strict=True))
    if motif in ("fan_in", "fan_out"):
        assert len(pairs) == max(len(payers), len(payees))
    elif motif == "cycle":
        assert payers == payees
        assert len(rows) == len(payers)
    elif motif == "random_walk":
        walk = rows.sort_values("ts")
        assert (walk["payer"].to_numpy()[1:] == walk["payee"].to_numpy()[:-1]).all()
    elif motif == "bipartite":
        assert not payers & payees
    elif motif == "chain":
        assert payers & payees
        assert payees - payers
        assert payers - payees


@pytest.mark.parametrize("name", NAMES)
def test_what_is_passed_on_comes_after_it_was_received(name: str) -> None:
    story, rows = planned(name).story, planned(name).rows
    names = [phase.name for phase in story.phases]
    for place, phase in enumerate(story.phases):
        mine = rows[rows["phase"].eq(phase.name)]
        earlier = rows[rows["phase"].isin(names[:place])]
        receipts = earlier.groupby(["scheme", "payee"])["ts"].min()
        if not uses(phase, "pot") or not len(mine):
            continue
        keys = pd.MultiIndex.from_arrays([mine["scheme"], mine["payer"]])
        gaps = mine["ts"].to_numpy() - receipts.reindex(keys).to_numpy()
        assert (gaps[~np.isnan(gaps)] > 0).all(), phase.name
        delay = phase.timing.delay
        if delay is not None and delay.median and phase.after == "receipt":
            last = [
                ts - rows.loc[rows["scheme"].eq(s) & rows["payee"].eq(p) & rows["ts"].lt(ts), "ts"].max()
                for ts, s, p in zip(mine["ts"], mine["scheme"], mine["payer"], strict=True)
            ]
            assert np.median(last) / 1e9 == pytest.approx(delay.median, rel=0.35)


@pytest.mark.parametrize("name", NAMES)
def test_ordinary_life_takes_the_ways_of_the_story(name: str) -> None:
    told = strange_ways(planned(name).story)
    if name in ("insider_theft", "savings_for_a_child"):  # savings are emptied, which their holders never do
        told = [text for text in told if "from a savings account" not in text]
    assert told == []


@pytest.fixture(scope="module", params=[0, 1])
def posted(request: pytest.FixtureRequest) -> tuple[pd.DataFrame, dict[str, Narrative], tuple]:
    """Return the rows of half of the stories, five schemes each, in one world of 2,500 accounts."""
    names = NAMES[request.param :: 2]
    uses_ = tuple(NarrativeUse(name, count=5) for name in names)
    world = simulate(Settings(accounts=2_500, days=150, narratives=uses_), Streams(8))
    frame = world.to_pandas()
    stories = {story.id: story for story in load_narratives(names)}
    return frame[frame["instance"] >= 0], stories, world.phases


def test_labels_and_sums_of_posted_rows(posted: tuple[pd.DataFrame, dict[str, Narrative], tuple]) -> None:
    rows, stories, phases = posted
    for (name, phase), mine in rows.groupby(["narrative", "phase"], observed=True):
        labels = stories[name].labels
        assert mine["is_fraud"].eq(phase in labels.fraud).all()
        assert mine["is_laundering"].eq(phase in labels.laundering).all()
    done = rows[rows["status"].astype(str).eq("posted")]
    for name, story in stories.items():
        mine = done[done["narrative"].astype(str).eq(name)]
        potted = [phase.name for phase in story.phases if uses(phase, "pot")]
        out = (
            mine[mine["phase"].astype(str).isin(potted)].groupby(["instance", "from_account"])["amount"].sum()
        )
        into = mine.groupby(["instance", "to_account"])["amount"].sum().reindex(out.index)
        most = 1.0 + story.level("commingle")
        assert (out <= into * most + 200).all(), name
    silent = {one.narrative for one in phases if one.posted == 0 and one.planned > 5}
    assert len(silent) <= 2, silent


def test_the_eight_shapes_of_amlworld_are_stories_of_their_own() -> None:
    shapes = (
        "fan_in",
        "fan_out",
        "bipartite",
        "stack",
        "random_walk",
        "cycle",
        "scatter_gather",
        "gather_scatter",
    )
    for shape in shapes:
        (story,) = load_narratives([f"layering_{shape}"])
        assert story.typology[0] == shape
        assert set(story.labels.laundering) == {phase.name for phase in story.phases}


def test_there_are_stories_and_twins_enough() -> None:
    stories = load_narratives(NAMES)
    benign = [story for story in stories if story.decoy]
    fraud = [story for story in stories if story.labels.fraud]
    assert len(fraud) >= 14
    assert len(stories) - len(fraud) - len(benign) >= 16
    assert len(benign) >= 12
