"""Devices of payments: whose they are, when they change, what is logged before, what stories do with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from naive import devices as naive

import finsim
from finsim.agents.devices.device_numbers import FOREIGN, public_device, story_numbers
from finsim.agents.devices.login_stream import Events, LoginStream, joined
from finsim.agents.devices.ordinary_changes import customer_ids
from finsim.agents.devices.ordinary_devices import LEAD_NS, LIFE_DAYS, build_devices
from finsim.agents.narratives.narrative import Narrative
from finsim.agents.payment_orders import public_id
from finsim.agents.schemes.scheme_devices import FRAUD_DEVICES, MULE_DEVICES, devices_of
from finsim.agents.settings import NarrativeUse, Settings
from finsim.agents.simulate import simulate
from finsim.documents import shipped
from finsim.kernels.payments.row_devices import mixed_device, mixed_order
from finsim.randomness import Streams
from finsim.records.parties.devices import DEVICE_SCHEMA, LOGIN_SCHEMA


@pytest.fixture(scope="module")
def devices(world):
    return build_devices(world.population, world.settings, Streams(7))


@pytest.fixture(scope="module")
def rows(world) -> pd.DataFrame:
    """Return the rows of the world with the payer's customer, -1 outside."""
    accounts = world.accounts.set_index("account_id")
    inside = accounts.loc[accounts["kind"].astype(str) != "external", "customer_id"]
    words = {name: world.rows[name].astype(str) for name in ("channel", "purpose")}
    customer = world.rows["from_account"].map(inside).fillna(-1).astype(int)
    return world.rows.assign(customer=customer, **words)


def test_numbers_are_mixed_one_to_one_and_alike_in_kernel_and_arrays() -> None:
    numbers = np.concatenate([np.arange(50_000), np.arange(FOREIGN, FOREIGN + 50_000), [2**30 - 1]])
    found = public_device(numbers)
    assert len(np.unique(found)) == len(numbers)
    assert found.min() >= 0
    assert abs(np.corrcoef(numbers, found)[0, 1]) < 0.02
    some = [0, 1, 77, FOREIGN, FOREIGN + 12_345, 2**30 - 1]
    assert [mixed_device(one) for one in some] == public_device(np.array(some)).tolist()
    ids = np.array([0, 5, 2**40 + 17, 2**62 + 3, 2**63 - 1])
    assert [int(mixed_order(int(one))) for one in ids] == public_id(ids).tolist()
    assert public_device(np.array([-1, 3]))[0] == -1
    assert (story_numbers(np.arange(100), np.zeros(100, dtype=int)) >= FOREIGN).all()


def test_who_orders_online_has_a_device_and_nobody_else(rows: pd.DataFrame) -> None:
    has = rows["device_id"] >= 0
    own = (rows["customer"] >= 0) & ~rows["purpose"].isin(naive.COLLECTED)
    transfer = rows["channel"].isin(naive.TRANSFERS)
    assert (has == (own & transfer))[rows["channel"] != "card_not_present"].all()
    remote = rows["channel"] == "card_not_present"
    assert not has[remote & ~own].any()
    assert 0.48 < has[remote & own & (rows["instance"] < 0)].mean() < 0.52


def test_ordinary_rows_come_from_what_the_customer_has_then(world, devices, rows: pd.DataFrame) -> None:
    position = {int(one): place for place, one in enumerate(customer_ids(world.population))}
    places, entries = naive.owner_places(devices)
    start = pd.Timestamp(world.settings.start, tz="UTC")
    some = rows[(rows["device_id"] >= 0) & (rows["instance"] < 0)].iloc[::17]
    assert len(some) > 1_000
    used = 0
    for customer, device, ts in zip(some["customer"], some["device_id"], some["ts"], strict=True):
        held = naive.in_use(places, entries, position[customer], int((ts - start) // pd.Timedelta("1s")))
        assert device in public_device(np.array(sorted(held)))
        used += len(held) > 1
    assert used > 500


def test_people_have_one_to_three_devices_and_some_share_one_at_home(devices, rows: pd.DataFrame) -> None:
    count = (devices.place >= 0).sum(axis=1)
    assert set(count) == {1, 2, 3}
    ordinary = rows[(rows["device_id"] >= 0) & (rows["instance"] < 0)]
    users = ordinary.groupby("device_id")["customer"].nunique()
    assert users.max() == 2
    assert 20 < (users == 2).sum() < 0.2 * len(users)


def test_phones_are_replaced_at_their_rate_and_new_ones_are_registered(world, devices) -> None:
    uses = devices.uses
    phones = np.unique(uses.key[uses.key % 3 == 0])
    new = uses.is_new & (uses.key % 3 == 0)
    back = pd.Series(uses.number[uses.key % 3 == 0]).duplicated().sum()  # given back: borrowed ones
    expected = len(phones) * world.settings.days / LIFE_DAYS[0]
    assert abs(new.sum() - back - expected) < 4 * expected**0.5 + 5
    logins = world.tables.logins.to_pandas()
    told = logins.loc[logins["kind"].astype(str) == "new_device", "device_id"]
    late = devices.first_seen[uses.number[uses.is_new]]
    assert (late >= devices.start_ns - LEAD_NS).all()
    seen = np.isin(public_device(uses.number[uses.is_new]), told.to_numpy())
    assert seen.mean() > 0.95  # but for customers who come later


def test_the_tables_fit_each_other(world, rows: pd.DataFrame) -> None:
    table, logins = world.tables.devices, world.tables.logins
    assert table.schema.equals(DEVICE_SCHEMA)
    assert logins.schema.equals(LOGIN_SCHEMA)
    known = table.to_pandas().set_index("device_id")
    assert known.index.is_monotonic_increasing
    assert known.index.is_unique
    used = rows[rows["device_id"] >= 0]
    assert (used["ts"] >= used["device_id"].map(known["first_seen"])).all()
    told = logins.to_pandas()
    assert told["ts"].is_monotonic_increasing
    assert told["ts"].min() >= pd.Timestamp(world.settings.start, tz="UTC")
    assert set(told["customer_id"]) <= set(world.tables.customers["customer_id"].to_pylist())
    assert (told["ts"] >= told["device_id"].map(known["first_seen"])).all()
    phones = known[known["kind"].astype(str) == "phone"]["os"].astype(str)
    assert set(phones) == {"android", "ios"}


def test_the_first_banking_payment_of_a_day_follows_a_login(world, rows: pd.DataFrame) -> None:
    told = zip(rows["customer"], rows["device_id"], rows["ts"].astype("int64"), rows["channel"], strict=True)
    first = naive.first_sessions(told)
    logins = world.tables.logins.to_pandas()
    logins = logins[logins["kind"].astype(str) == "login"]
    start = int(pd.Timestamp(world.settings.start, tz="UTC").value)
    wanted = [key for key, ts in first.items() if ts - LEAD_NS >= start]
    at = logins.groupby(["customer_id", "device_id"])["ts"].apply(
        lambda part: part.astype("int64").to_numpy()
    )
    missing = 0
    for customer, device, day in wanted:
        ts = first[customer, device, day]
        before = at.get((customer, device), np.zeros(0, dtype=np.int64))
        missing += not ((before <= ts - 60 * 10**9 + 1_000) & (before >= ts - LEAD_NS - 1_000)).any()
    assert len(wanted) > 5_000
    # One computer of a household, or one that is replaced by day, has one login for the place.
    assert missing <= 0.01 * len(wanted)
    assert len(logins) <= len(first) + 5


def test_payees_are_added_before_payments_to_them(world, rows: pd.DataFrame) -> None:
    logins = world.tables.logins.to_pandas()
    added = logins[logins["kind"].astype(str) == "payee_added"]
    paid = rows[rows["device_id"] >= 0].groupby(["customer", "device_id"])["ts"].apply(list)
    near = 0
    for customer, device, ts in zip(added["customer_id"], added["device_id"], added["ts"], strict=True):
        later = paid.get((customer, device), [])
        near += any(pd.Timedelta(0) < one - ts < pd.Timedelta(seconds=451) for one in later)
    assert near == len(added) > 300


def test_rows_and_logins_do_not_depend_on_slices_and_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(accounts=400, days=30, shard_accounts=200)
    whole = simulate(settings, Streams(5))
    cut = simulate(replace(settings, slice_days=4), Streams(5))
    assert whole.rows["device_id"].equals(cut.rows["device_id"])
    assert whole.logins.combine_chunks().equals(cut.logins.combine_chunks())
    assert whole.devices.equals(cut.devices)


def test_a_scenario_of_fraud_alone_leaves_ordinary_devices() -> None:
    made = [
        finsim.simulate(accounts=400, days=20, scenario=name, seed=2, progress=False)
        for name in (None, "fraud-wave-mule-surge")
    ]
    calm, wave = (one.to_pandas(internal=True).set_index("order_id") for one in made)
    honest = calm[calm["instance"] < 0].index
    assert (calm.loc[honest, "device_id"] == wave.loc[honest, "device_id"]).all()
    before, after = (
        dict(zip(*one.devices.select(["device_id", "first_seen"]).columns, strict=True)) for one in made
    )
    assert set(before) <= set(after)


def events(ts: list[int]) -> Events:
    number = np.arange(len(ts))
    return Events(np.array(ts, dtype=np.int64), number % 3, number, number % 4)


def test_logins_come_out_in_order_whatever_waits_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finsim.agents.devices.login_stream.HELD_ROWS", 3)
    rng, step = np.random.default_rng(0), 600_000_000_000
    blocks = [(step * k, (step * k - rng.integers(0, LEAD_NS, 5)).tolist()) for k in range(3, 9)]
    blocks[2][1][1] = blocks[2][1][0]  # at one instant
    blocks[2][1][2] = blocks[3][1][0] = blocks[3][0] - LEAD_NS  # in two blocks, as late as may be
    told = {}
    for name, folder in (("memory", None), ("file", tmp_path / "aside")):
        log = LoginStream([events([step, step * 7])], np.array([10, 20, 30]), folder)
        for first, ts in blocks:
            log.add(first, events(ts))
        told[name] = pa.Table.from_batches(log.batches(), schema=LOGIN_SCHEMA)
    assert told["memory"].equals(told["file"])
    every = joined([events([step, step * 7]), *(events(ts) for _, ts in blocks)])
    assert told["file"]["device_id"].to_pylist() == public_device(every.number).tolist()
    assert len(every) == 32
    with pytest.raises(ValueError, match="too long before"):
        log.add(step * 99, events([step]))


def story(folder: Path, name: str, *changes: tuple[str, str]) -> str:
    text = (shipped("scenarios/narratives") / f"{name}.yaml").read_text().replace(f"id: {name}", "id: tale")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    (folder / "tale.yaml").write_text(text)
    return str(folder / "tale.yaml")


def played(path: str, count: int = 12):
    settings = Settings(accounts=800, days=45, narratives=(NarrativeUse(path, count=count),))
    made = simulate(settings, Streams(3))
    rows = made.rows.to_pandas()
    owner = made.accounts.to_pandas().set_index("account_id")["customer_id"]
    return rows.assign(customer=rows["from_account"].map(owner)), made


@pytest.mark.parametrize("word", ["new", "own"])
def test_a_takeover_acts_from_the_device_that_its_file_says(tmp_path: Path, word: str) -> None:
    edge = "    from: victim\n    to: mule\n"
    heads = [f"  - name: {name}\n{edge}" for name in ("probe", "drain")]
    marks = [(head, f"{head}    device: {word}\n") for head in heads]
    rows, made = played(story(tmp_path, "account_takeover", *marks))
    drain = rows[rows["phase"].isin(["probe", "drain"])]
    ordinary = rows[(rows["instance"] < 0) & (rows["device_id"] >= 0)]
    used = set(zip(ordinary["customer"], ordinary["device_id"], strict=True))
    pairs = list(zip(drain["customer"], drain["device_id"], strict=True))
    assert len(pairs) > 15
    assert (drain["device_id"] >= 0).all()
    known = sum(pair in used for pair in pairs)
    assert known == 0 if word == "new" else known > 0.7 * len(pairs)
    logins = made.logins.to_pandas()
    came = logins[logins["kind"].astype(str) == "new_device"].set_index(["customer_id", "device_id"])["ts"]
    if word == "new":
        assert drain.groupby("instance")["device_id"].nunique().max() == 1
        first = drain.groupby(["customer", "device_id"])["ts"].min()
        late = first[first > first.min() + pd.Timedelta("1D")]
        assert (came.reindex(late.index) < late).all()
        assert (late - came.reindex(late.index)).max() < pd.Timedelta("2h")


def test_a_herder_holds_one_device_for_all_mules_of_a_scheme(tmp_path: Path) -> None:
    change = ("    via: mule\n", "    via: mule\n    device: shared\n")
    rows, _ = played(story(tmp_path, "app_scam_mule_chain", change))
    passed = rows[(rows["phase"] == "disperse") & (rows["device_id"] >= 0)]
    assert passed.groupby("instance")["device_id"].nunique().max() == 1
    assert passed.groupby("instance")["customer"].nunique().max() > 1
    ordinary = set(rows[(rows["instance"] < 0)]["device_id"])
    assert not set(passed["device_id"]) & ordinary
    one_each, _ = played(
        story(tmp_path, "app_scam_mule_chain", (change[0], change[1].replace("shared", "new")))
    )
    passed = one_each[(one_each["phase"] == "disperse") & (one_each["device_id"] >= 0)]
    assert len(passed) > 20
    assert (
        passed.groupby("instance")["device_id"].nunique() == passed.groupby("instance")["customer"].nunique()
    ).all()
    hit = rows[rows["phase"] == "hit"]
    mine = rows[(rows["instance"] < 0)].groupby("customer")["device_id"].agg(set)
    assert (
        np.mean(
            [one in mine.get(who, set()) for who, one in zip(hit["customer"], hit["device_id"], strict=True)]
        )
        > 0.7
    )


def test_what_a_file_does_not_say_follows_from_the_family() -> None:
    def mix(name: str, phase: str):
        told = Narrative.load(name)
        return devices_of(told, next(one for one in told.phases if one.name == phase))

    assert mix("account_takeover", "drain") == FRAUD_DEVICES["takeover"]
    assert mix("account_takeover", "pass_on") == MULE_DEVICES
    assert mix("card_testing_escalation", "test") == {"new": 1.0}
    assert mix("app_scam_mule_chain", "hit") == {"own": 1.0}
    assert mix("payroll_fan_out", "payroll") == {"own": 1.0}
    assert mix("first_party_chargeback", "buy") == {"own": 1.0}
