"""``alerts``, ``reports``, ``account_labels``: what banks saw and when they knew, and what was true."""

from __future__ import annotations

import pyarrow as pa

from finsim.records.columns import CENTS, DAY, KEY, LABEL, TEXT, column
from finsim.records.fixed_words import ALERT_OUTCOMES, ALERT_RULES, REPORT_KINDS, REPORT_OUTCOMES

ALERT_SCHEMA = pa.schema(
    [
        column("alert_id", pa.int64(), "the alert, numbered in order of the day and the payment", role=KEY),
        column("tx_id", pa.int64(), "the payment that raised it, or the last one before it", role=KEY),
        column("account_id", pa.int64(), "the account that it names", role=KEY),
        column("bank_id", pa.int32(), "the bank of the account, which raised it", role=LABEL),
        column("rule", TEXT, "what raised it", role=LABEL, words=ALERT_RULES),
        column("raised", DAY, "when it was raised", role=LABEL),
        column("case_opened", DAY, "when it became a case", role=LABEL, null="no case"),
        column("outcome", TEXT, "how it ended", role=LABEL, words=ALERT_OUTCOMES),
        column("closed", DAY, "when it ended; goes on beyond the period", role=LABEL),
    ]
)

REPORT_SCHEMA = pa.schema(
    [
        column("report_id", pa.int64(), "the claim, numbered in order of the day and the payment", role=KEY),
        column("tx_id", pa.int64(), "the original payment", role=KEY),
        column("account_id", pa.int64(), "the payer, who claims", role=KEY),
        column("bank_id", pa.int32(), "the bank of the payer", role=LABEL),
        column("kind", TEXT, "what the bank asks for", role=LABEL, words=REPORT_KINDS),
        column("reported", DAY, "when the customer told the bank", role=LABEL),
        column("outcome", TEXT, "whether the bank agreed", role=LABEL, words=REPORT_OUTCOMES),
        column("closed", DAY, "when it was decided; goes on beyond the period", role=LABEL),
        column("claimed", pa.int64(), "sum of the payment", CENTS, role=LABEL),
    ]
)

ACCOUNT_LABEL_SCHEMA = pa.schema(
    [
        column("account_id", pa.int64(), "the account", role=KEY),
        column("customer_id", pa.int64(), "its owner", role=KEY),
        column("is_victim", pa.bool_(), "it paid a fraud that its owner did not want", role=LABEL),
        column(
            "is_fraud", pa.bool_(), "it was paid by a fraud, or paid one that its owner wanted", role=LABEL
        ),
        column(
            "is_laundering", pa.bool_(), "it paid or was paid in laundering; shops are left out", role=LABEL
        ),
        column("schemes", pa.int32(), "in how many illicit schemes it had a part", role=LABEL),
        column("first", DAY, "its first illicit payment", role=LABEL, null="none: a bank is wrong"),
        column("known_on", DAY, "when its bank first held it for a part of one", role=LABEL, null="never"),
        column(
            "blocked_on",
            DAY,
            "when its bank blocked it: every payment of and to it is declined from then on",
            role=LABEL,
            null="never",
        ),
    ]
)
