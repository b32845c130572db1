"""New entities live somewhere: they pay at home, elsewhere on visits, and online wherever they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.generators.events.habits.habits import Habits
from finsim.generators.events.habits.places.home_places import Places
from finsim.generators.events.habits.places.local_payees import NEAR_DAYS, Visited, _has_neighbour
from finsim.generators.events.habits.places.visits import placed
from finsim.kernels.events.payment_laws import Payments
from finsim.randomness import Streams

TOWNS = ("ARLES", "BRUGES", "COIMBRA", "DELFT")
KINDS = ("food", "fuel", "books")


def towns(cards: int = 60, days: int = 150, stays: int = 0) -> pd.DataFrame:
    """Return cards of three towns with one visit to another one (nobody lives in the last), and a web shop.

    ``stays`` : cards live nowhere, and pay so many days in one town, 1: anywhere.
    """
    rng = np.random.default_rng(4)
    rows = []
    for card in range(cards):
        home, away = card % 3, int(rng.choice([k for k in range(4) if k != card % 3]))
        first = int(rng.integers(10, days - 10)) if card % 2 else days
        for day in range(days):
            town = away if first <= day < first + 5 else home
            for _ in range(rng.poisson(0.9)):
                kind = int(rng.integers(0, 4))
                hour = pd.Timestamp("2024-01-01") + pd.Timedelta(
                    days=day, minutes=int(rng.integers(480, 1200))
                )
                if kind == 3:
                    rows.append(
                        (f"K{card:03d}", hour, "WEB", "web", TOWNS[0], 20.0 + float(rng.integers(50)))
                    )
                    continue
                if stays:
                    town = (
                        int(rng.integers(0, 4)) if stays == 1 else (7 * card + day // stays * (card + 3)) % 4
                    )
                shop = f"{KINDS[kind].upper()} {TOWNS[town]} {rng.integers(0, 4)}"
                rows.append(
                    (
                        f"K{card:03d}",
                        hour,
                        shop,
                        KINDS[kind],
                        TOWNS[town],
                        5.0 + float(rng.integers(900)) / 10,
                    )
                )
    names = ["card", "time", "shop", "category", "town", "amount"]
    return pd.DataFrame(rows, columns=names).sort_values("time", ignore_index=True)


def learned(frame: pd.DataFrame) -> Habits:
    """Return what habits learn of a ledger."""
    return finsim.fit(
        frame, kind="events", generator="habits", id="card", time="time", seed=2, progress=False
    )


@pytest.fixture(scope="module")
def made() -> tuple[object, pd.DataFrame, pd.DataFrame]:
    real = towns()
    model = learned(real)
    return model, real, finsim.sample(model, entities=90, seed=5, progress=False).to_pandas()


def _stays(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Return the rows at shops of towns, and the town of each card."""
    frame = frame.assign(time=pd.to_datetime(frame["time"], utc=True))
    rows = frame[frame["shop"] != "WEB"].sort_values(["card", "time"])
    return rows, rows.groupby("card")["town"].agg(lambda one: one.value_counts().index[0])


def test_entities_pay_at_home_and_on_visits(made) -> None:
    _, real, new = made
    for frame in (real, new):
        rows, home = _stays(frame)
        assert rows["town"].eq(rows["card"].map(home)).mean() > 0.93
        assert set(home) == set(TOWNS[:3])
        days = rows.groupby(["card", rows["time"].dt.normalize()])["town"].nunique()
        assert (days > 1).mean() < 0.01
        away = rows[rows["town"] != rows["card"].map(home)]
        spans = away.groupby(["card", "town"])["time"].agg(lambda one: (one.max() - one.min()).days)
        assert 0.3 < away["card"].nunique() / frame["card"].nunique() < 0.7
        assert spans.median() <= 5
    rows, _ = _stays(new)
    assert rows["town"].eq(rows["shop"].str.split().str[1]).all()
    assert rows["category"].str.upper().eq(rows["shop"].str.split().str[0]).all()
    assert new["shop"].eq("WEB").mean() == pytest.approx(real["shop"].eq("WEB").mean(), abs=0.05)


def test_no_new_entity_has_the_visits_of_a_learned_one(made) -> None:
    """Visits are moved by days, each one from another entity."""
    _, real, new = made
    seen = []
    for frame in (real, new):
        rows, home = _stays(frame)
        away = rows[rows["town"] != rows["card"].map(home)]
        first = away.groupby(["card", "town"])["time"].min().dt.normalize()
        seen.append(set(zip(first.index.get_level_values("town"), first, strict=True)))
    assert len(seen[0] & seen[1]) < 0.5 * len(seen[1])


def test_entities_do_not_depend_on_how_many_are_sampled(made) -> None:
    model, _, new = made
    few = finsim.sample(model, entities=30, seed=5, progress=False).to_pandas()
    first = new[new["card"].isin(set(few["card"]))].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, few.reset_index(drop=True), check_categorical=False)


def test_a_longer_period_has_visits_in_all_of_it(made) -> None:
    model, real, _ = made
    new = finsim.sample(model, entities=60, days=450, seed=6, progress=False).to_pandas()
    rows, home = _stays(new)
    away = rows[rows["town"] != rows["card"].map(home)]
    day = (away["time"] - real["time"].min().normalize().tz_localize("UTC")).dt.days
    assert ((day >= 150) & (day < 300)).any()
    assert (day >= 300).any()
    assert rows["town"].eq(rows["card"].map(home)).mean() > 0.9


@pytest.mark.parametrize("stays", [1, 9])
def test_towns_that_entities_do_not_keep_to_are_no_homes(stays: int) -> None:
    model = learned(towns(30, stays=stays))
    assert model.generator.known.places is None


def test_payees_of_one_entity_alone_are_given_to_nobody(made) -> None:
    model, real, _ = made
    places = model.generator.known.places
    payers = real.groupby("shop")["card"].nunique()
    assert len(places.order) == (payers[payers.index != "WEB"] >= 2).sum()


def _by_hand() -> Places:
    """Two places, two kinds: payees 0 and 1 are of kind 0 at place 0, 2 of kind 1; 3, 4 and 5 at place 1."""
    return Places(
        home=np.array([0, 1]), place=np.array([0, 0, 0, 1, 1, 1, -1]), kind=np.array([0, 0, 1, 0, 0, 1, 0]),
        order=np.arange(6), edges=np.array([0, 2, 3, 5, 6]), share=np.cumsum([1.0, 1, 1, 1, 3, 1]),
        many=np.zeros(2, np.int64), of_home=np.array([0, 1, 2]), visit=np.zeros((0, 3), np.int64),
        from_home=np.zeros(3, np.int64), days=np.array([10]),
    )  # fmt: skip


def _paid(payee: list[int], like: list[int]) -> Payments:
    rows = np.arange(len(payee))
    return Payments(rows * 1.0, np.array(payee), rows.copy(), rows, np.array(like), np.zeros((len(payee), 1)))


def test_a_payee_gives_way_to_one_of_its_kind_at_home_always_the_same() -> None:
    places, streams = _by_hand(), Streams(3)
    payee = [3, 5, 3, 0, 6, 4]
    entity = np.zeros(6, np.int64)
    who = np.array([41]), np.array([0]), entity
    found = placed(places, _paid(payee, [-1, -1, 0, 0, 3, -1]), who, entity, streams)
    assert found.payee[0] == found.payee[2] in (0, 1)
    assert found.payee[1] == 2
    assert found.payee[3:5].tolist() == [0, 6]  # at home, and of no place
    assert found.offer[[0, 1, 2, 5]].tolist() == [-1] * 4
    assert found.offer[[3, 4]].tolist() == [3, 4]
    # The same payee still repeats its sums, and one repeated from another payee is left as it was.
    assert found.like[[2, 4]].tolist() == [0, 3]
    late = who[0], who[1], np.zeros(1, np.int64)
    other = [placed(places, _paid([3], [-1]), (np.array([number]), *late[1:]), entity[:1], streams).payee[0]
             for number in range(40)]  # fmt: skip
    assert other[:1] * 40 != other
    # Entity 41 is the second of a block of two: its payee is that of its number.
    two = np.array([40, 41]), np.array([0, 0]), np.array([0, 1])
    assert placed(places, _paid([3, 3], [-1, -1]), two, entity[:2], streams).payee[1] == found.payee[0]


def test_a_payee_of_a_kind_that_the_place_lacks_gives_way_to_any_of_the_place() -> None:
    places = replace(_by_hand(), order=np.array([0, 1, 3, 4, 5]), edges=np.array([0, 2, 2, 4, 5]),
                     share=np.cumsum([1.0, 1, 1, 3, 1]))  # fmt: skip
    who = np.array([7]), np.array([0]), np.zeros(30, np.int64)
    found = placed(places, _paid([5] * 30, [-1] * 30), who, who[2], Streams(3))
    assert set(found.payee) <= {0, 1}


def test_sums_are_not_repeated_from_a_payee_that_gave_way_on_a_visit() -> None:
    """On day 18 the entity is at place 1: its shop there is another one and repeats no sum."""
    places = replace(
        _by_hand(), many=np.array([1, 0]), visit=np.array([[9, 20, 1]]), from_home=np.array([0, 1, 1])
    )
    who = np.array([5]), np.array([0]), np.zeros(4, np.int64)
    day = np.array([0, 18, 18, 18])
    found = placed(places, _paid([2, 2, 6, 2], [-1, 0, -1, 1]), who, day, Streams(3))
    assert found.payee.tolist() == [2, 5, 6, 5]
    assert found.like.tolist() == [-1, -1, -1, 1]


def _naive(seen: Visited, counts: np.ndarray) -> list[bool]:
    found = []
    for at in range(len(seen.payee)):
        near = []
        for step in (1, -1):
            k = at + step
            while 0 <= k < len(seen.payee) and (not counts[k] or seen.payee[k] == seen.payee[at]):
                k += step
            near += [k] if 0 <= k < len(seen.payee) else []
        found.append(any(
            seen.entity[k] == seen.entity[at] and seen.word[k] == seen.word[at]
            and abs(seen.day[k] - seen.day[at]) <= NEAR_DAYS for k in near
        ))  # fmt: skip
    return found


@pytest.mark.parametrize("seed", range(30))
def test_neighbours_are_those_that_a_search_run_by_run_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(0, 60))
    payee = rng.integers(0, 5, size)
    seen = Visited(np.sort(rng.integers(0, 3, size)), payee, payee % 3, np.sort(rng.integers(0, 40, size)))
    counts = rng.random(size) < rng.choice([0.0, 0.5, 1.0])
    assert _has_neighbour(seen, counts).tolist() == _naive(seen, counts)
