"""Who customers are to one bank, by a day, and in a world that has no tables of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import finsim
from finsim.exports import EXPORTS
from finsim.verbs.handover.handed_source import Wanted, handed


def test_a_bank_sees_its_own_customers_alone(world: Path) -> None:
    accounts = pd.read_parquet(world / "accounts.parquet")
    seen = handed(world).payments(Wanted(bank=2), EXPORTS.load("postgres")).customers
    own = accounts[(accounts["bank_id"] == 2) & (accounts["kind"].astype(str) != "external")]["customer_id"]
    assert seen["customer_id"].to_pylist() == sorted(set(own))


def test_a_bank_sees_devices_and_logins_of_its_own_customers_alone(world: Path, tmp_path: Path) -> None:
    finsim.export(world, "postgres", output=tmp_path / "out", bank=2)
    made = {
        name: pd.read_csv(tmp_path / "out" / f"postgres_{name}.csv")
        for name in ("customers", "devices", "logins", "transactions")
    }
    own = set(made["customers"]["customer_id"])
    every = pd.read_parquet(world / "logins.parquet")
    assert len(made["logins"]) == every["customer_id"].isin(own).sum() < len(every)
    rows = made["transactions"]
    assert rows.loc[rows["from_bank"] != 2, "device_id"].isna().all()
    used = set(rows["device_id"].dropna()) | set(made["logins"]["device_id"])
    assert used <= set(made["devices"]["device_id"])
    assert len(made["devices"]) < len(pd.read_parquet(world / "devices.parquet"))


def test_nobody_who_comes_later_is_known(world: Path) -> None:
    day = pd.Timestamp("2026-01-05")
    seen = handed(world).payments(Wanted(as_of=day.date()), EXPORTS.load("postgres")).customers
    customers = pd.read_parquet(world / "customers.parquet")
    assert seen["customer_id"].to_pylist() == customers[customers["since"] <= day]["customer_id"].tolist()


def test_things_of_accounts_and_customers_are_one_bank_s_and_as_they_stood(
    world: Path, tmp_path: Path
) -> None:
    day = pd.Timestamp("2026-01-05")
    names = ("accounts", "customers", "addresses", "credit_lines", "fx_rates")
    whole = {name: pd.read_parquet(world / f"{name}.parquet") for name in names}
    banks = whole["accounts"].groupby("bank_id")[["customer_id", "joint_customer_id"]].agg(set)
    strangers = (banks["joint_customer_id"] - banks["customer_id"]).map(len)
    bank = int(strangers.idxmax())
    finsim.export(world, "postgres", output=tmp_path / "out", bank=bank, as_of=day.date())
    made = {name: pd.read_csv(tmp_path / "out" / f"postgres_{name}.csv") for name in names}
    held = whole["accounts"][(whole["accounts"]["bank_id"] == bank) & (whole["accounts"]["opened"] <= day)]
    joint = held.loc[held["joint_customer_id"] >= 0, "joint_customer_id"]
    own = set(held["customer_id"]) | set(joint)
    assert set(joint) - set(held["customer_id"])  # some hold accounts of their own elsewhere
    assert set(joint) <= set(made["customers"]["customer_id"])
    assert made["accounts"]["joint_customer_id"].dropna().tolist() == joint.tolist()
    told = whole["addresses"][whole["addresses"]["customer_id"].isin(made["customers"]["customer_id"])]
    told = told[told["valid_from"] <= day]
    assert made["addresses"]["address_id"].tolist() == told["address_id"].tolist()
    assert made["addresses"]["valid_to"].notna().sum() == (told["valid_to"] <= day).sum() > 0
    lines = whole["credit_lines"]
    lines = lines[lines["account_id"].isin(held["account_id"]) & (lines["since"] <= day)]
    assert made["credit_lines"]["account_id"].tolist() == lines["account_id"].tolist()
    assert (made["credit_lines"]["credit_limit"] * 100 == lines["credit_limit"].to_numpy()).all()
    assert set(made["addresses"]["customer_id"]) <= own
    assert pd.to_datetime(made["fx_rates"]["date"]).max() == day
    assert len(made["fx_rates"]) == 5 * 21


@pytest.mark.parametrize("name", ["sparkov", "amlworld", "saml-d", "postgres"])
def test_a_world_without_parties_is_handed_over_with_empty_cells(
    world: Path, tmp_path: Path, name: str
) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for table in ("transactions", "labels", "accounts", "patterns"):
        (bare / f"{table}.parquet").symlink_to(world / f"{table}.parquet")
    finsim.export(bare, name, output=tmp_path / "out")
    if name == "sparkov":
        frame = pd.read_csv(tmp_path / "out" / "sparkov.csv")
        assert frame[["city", "city_pop", "job", "dob"]].isna().all(axis=None)
        assert frame["merchant"].str.fullmatch(r"fraud_\d+").all()
    if name == "amlworld":
        assert pd.read_csv(tmp_path / "out" / "amlworld_accounts.csv")["Entity Name"].isna().all()
