"""Headers that banks' systems write short mean what they mean written out."""

from __future__ import annotations

from pathlib import Path

import pytest

from finsim.tables.header_abbreviations import header_words, readings
from finsim.tables.proposing.propose import propose
from finsim.tables.proposing.roles import names_account, names_payee, roles

SHORT = {
    ("payments", "txn_ref acct_no txn_dt txn_type cpty_acct dr_cr amt bal"):
        "id from_account date channel to_account direction amount balance",
    ("payments", "TrxNbr AcctNbr BkgDt TxnAmtGBP CcyCd BeneAcct MerchNm"):
        "id from_account date amount currency to_account merchant",
    ("loans", "LN_NO CUST_NO ORIG_DT TERM_M BAL_CUR ORIG_AMT NOM_RT VAL_ORIG"):
        "id obligor opened term balance amount rate collateral",
    ("loans", "fac_ref disb_amt rem_bal tenor_mths int_rt"): "id amount balance term rate",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "headers"), SHORT)
def test_short_headers_play_the_roles_of_the_long_ones(kind: str, headers: str) -> None:
    listed = headers.split()
    found = roles(listed, kind)
    assert " ".join(found.get(one, "-") for one in listed) == SHORT[kind, headers]


def test_a_header_written_out_comes_before_a_short_one() -> None:
    assert roles(["trx_amt", "transaction_amount"], "payments") == {"transaction_amount": "amount"}


def test_a_reference_that_repeats_is_no_number_of_a_payment() -> None:
    both = {"payment_reference": "cat", "txn_ref": "cat"}
    assert "id" not in roles([*both], "payments", both).values()
    assert roles([*both], "payments", {**both, "txn_ref": "id"})["txn_ref"] == "id"


def test_what_short_words_say_of_the_other_side() -> None:
    assert [names_payee(one) for one in ("cpty_nm", "BeneAcct", "cust_nm")] == [True, True, False]
    assert [names_account(one) for one in ("cpty_acct", "cpty_nm")] == [True, False]


def test_readings_are_bounded() -> None:
    assert [*readings("cur_orig_val_cur_orig")] == []
    assert 1 < len([*readings("cur_orig_val_act")]) <= 64
    assert header_words("CurPrinBal") == ["cur", "prin", "bal"]


def test_a_code_of_few_words_is_a_category(tmp_path: Path) -> None:
    rows = [
        f"T{k:05d},A{k % 9:04d},2024-01-{1 + k % 28:02d},{10 + k}.50,{('RENT', 'GAS')[k % 2]}"
        for k in range(80)
    ]
    (tmp_path / "l.csv").write_text(
        "\n".join(["txn_ref,acct_no,bk_dt,amt_gbp,pmt_ref", *rows]), encoding="utf-8"
    )
    made = propose(tmp_path / "l.csv")
    assert [made.fields[name].type for name in ("acct_no", "pmt_ref")] == ["id", "cat"]
    assert made.fields["txn_ref"].role == "id"
    assert (made.fields["amt_gbp"].ccy, made.fields["amt_gbp"].role) == ("GBP", "amount")
