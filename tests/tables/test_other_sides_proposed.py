"""A proposed schema tells the column of the other side's account from that of its name."""

import numpy as np
import pytest

from finsim.tables import propose


def proposed(tmp_path, headers, *, alone=0.5, named=True):
    """Return header -> role of a proposal for a ledger in which rows without an account name a shop."""
    rng = np.random.default_rng(0)
    lines = [",".join(headers)]
    for k in range(400):
        has_account = rng.random() >= alone
        account = f"{70_000_000 + int(rng.integers(40))}" if has_account else ""
        name = (f"HOLDER {account[-2:]}" if has_account else f"SHOP {int(rng.integers(9))}") if named else ""
        at, amount = f"2024-01-{k // 20 + 1:02d}", f"{rng.normal(0, 50):.2f}"
        lines.append(f"{60_000_000 + k % 20},{at},{amount},{name},{account}")
    (tmp_path / "l.csv").write_text("\n".join(lines) + "\n")
    schema = propose(tmp_path / "l.csv")
    return {one.source or name: one.role for name, one in schema.fields.items()}


@pytest.mark.parametrize(
    ("name", "account"),
    [("Payee", "Other Account"), ("Empfaenger", "Gegenkonto"), ("Counterparty Name", "Beneficiary Account")],
)
def test_the_account_is_the_one_that_lacks_where_shops_are_named(tmp_path, name, account):
    found = proposed(tmp_path, ["Account", "Date", "Amount", name, account])
    assert found[account] == "to_account"
    assert found[name] == "merchant"


def test_one_of_two_is_who_is_paid_where_accounts_stand_beside_all_names(tmp_path):
    found = proposed(tmp_path, ["Account", "Date", "Amount", "Payee", "Other Account"], alone=0.02)
    assert "merchant" not in found.values()
    assert list(found.values()).count("to_account") == 1
    assert (
        "merchant"
        not in proposed(
            tmp_path, ["Account", "Date", "Amount", "Payee", "Other Account"], named=False
        ).values()
    )
