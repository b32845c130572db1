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
