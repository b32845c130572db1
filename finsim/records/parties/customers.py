"""``customers``: one row per person or firm with an account at the study's banks."""

from __future__ import annotations

import pyarrow as pa

from finsim.records.columns import DAY, KEY, TEXT, column
from finsim.records.fixed_words import CUSTOMER_KINDS, INCOME_BANDS, RISKS, SECTORS, SEGMENTS

NO_ACCOUNT = NO_YEAR = NO_CUSTOMER = NO_HOUSEHOLD = -1

CUSTOMER_SCHEMA = pa.schema(
    [
        column("customer_id", pa.int64(), "the owner in `accounts`; owners outside have no row", role=KEY),
        column("kind", TEXT, "a person or a firm", words=CUSTOMER_KINDS),
        column("birth_year", pa.int32(), "first day of the study less the age in years; -1 for firms"),
        column("segment", TEXT, "sort of person: sets pay, age and habits", null="firms", words=SEGMENTS),
        column(
            "town",
            TEXT,
            "made name of where a person lives and shops, or of the one town that a firm's shop sells in",
            null="firms that sell everywhere, or to no people",
        ),
        column("country", TEXT, "ISO 3166: that of the world's currency, for everybody"),
        column(
            "income_band",
            TEXT,
            "planned net income of a person, turnover of a firm: whole units of the currency a month",
            words=INCOME_BANDS,
        ),
        column("household_id", pa.int64(), "who lives together; -1 for firms", role=KEY),
        column(
            "employer_account",
            pa.int64(),
            "the account that pays the salary at the beginning; -1 without one",
            role=KEY,
        ),
        column(
            "sector",
            TEXT,
            "of a firm the category of its shop, or `business`; of a person that of the employer",
            null="no employer among the world's firms",
            words=SECTORS,
        ),
        column("since", DAY, "when the first account was opened"),
        column("kyc_risk", TEXT, "risk class by points; assumption: it drives nothing", words=RISKS),
    ]
)
