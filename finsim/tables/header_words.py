"""Words by which headers of price files and loan tapes are known: those read without a declaration."""

from __future__ import annotations

from collections.abc import Mapping

# Role -> headers that mean it, the first one wins; case, spaces and punctuation do not count.
_PRICES: Mapping[str, str] = {
    "date": "date datetime timestamp time day tradedate tradingdate sessiondate gmttime localtime",
    "ticker": "ticker symbol asset instrument security name code ric isin",
    "open": "open openprice openingprice pxopen",
    "high": "high highprice pxhigh",
    "low": "low lowprice pxlow",
    "close": "close closeprice closingprice last lastprice price pxlast settle",
    "adjusted": "adjclose adjustedclose closeadj closeadjusted adjcloseprice adjprice",
    "volume": "volume vol shares sharevolume totalvolume tradedvolume pxvolume",
    "path": "path",
    "bid": "bid bidprice bestbid bidpx pxbid",
    "ask": "ask askprice offer offerprice bestask bestoffer askpx pxask",
}
_LOANS: Mapping[str, str] = {
    "id": "loan_no loan_nr loan_number account_no account_number account_id contract_no"
    " contract_number contract_id LoanNr_ChkDgt id",
    "obligor": "obligor obligor_no borrower_id borrower_no customer_id customer_no customer_number cust_id"
    " cust_no client_id client_no client_number member_id debtor_id kundennummer kundennr",
    "age": "age_in_years",
    "amount": "credit_amount loan_amount loan_amnt funded_amount",
    "term": "duration_in_month duration term",
    "outcome": "creditability default",
    "purpose": "loan_purpose",
    "income": "monthly_income",
    "rate": "interest_rate int_rate",
    "pd": "probability_of_default",
    "lgd": "loss_given_default",
    "balance": "outstanding_balance current_balance",
    "ead": "exposure_at_default",
    "months_on_book": "seasoning",
    "opened": "origination_date issue_date",
    "collateral": "property_value appraised_value",
    "grade": "grade rating",
}
HEADER_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    kind: {role: tuple(words.split()) for role, words in listed.items()}
    for kind, listed in (("prices", _PRICES), ("loans", _LOANS))
}
"""Kind -> role -> words. A proposal knows more of them (``proposing.roles``), each with its doubt."""
