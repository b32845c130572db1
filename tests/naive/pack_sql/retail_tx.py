"""The pack ``retail-tx`` in SQL."""

PARAMS = {}
SPLIT = "channel = 'cash' AND status = 'posted' AND amount >= 150000 AND amount < 1000000"
REMOTE = "channel = 'card_not_present' AND amount < 500"
PAID = "CASE WHEN status = 'posted' THEN amount WHEN status IS NOT NULL THEN 0 END"


def window(value, key, place, since):
    """Sum (or count) over the rows of the group that stand before this one and are late enough."""
    return f"""CASE WHEN t.ts IS NOT NULL THEN (
        SELECT {value} FROM placed p
        WHERE p.{key} IS NOT DISTINCT FROM t.{key} AND p.{place} <= t.{place} AND p.ts {since}) END"""


VIEWS = {
    "known": """
        SELECT * FROM accounts WHERE account_id IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY account_id ORDER BY rn) = 1
    """,
    "owners": """
        SELECT * FROM customers WHERE customer_id IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY rn) = 1
    """,
    "held": """
        SELECT a.*, CASE WHEN a.customer_id IS NOT NULL THEN c.customer_id IS NOT NULL END AS owned, c.since
        FROM accounts a LEFT JOIN owners c ON c.customer_id = a.customer_id
    """,
    "shops": """
        SELECT m.*, CASE WHEN m.account_id IS NOT NULL THEN a.account_id IS NOT NULL END AS has_account
        FROM merchants m LEFT JOIN known a ON a.account_id = m.account_id
    """,
    "sales": """
        SELECT merchant_id, merchant_id IN (SELECT merchant_id FROM merchants WHERE merchant_id IS NOT NULL)
               AS is_shop
        FROM transactions
    """,
    "orders": """
        SELECT t.ts, t.device_id, d.first_seen,
               CASE WHEN t.device_id IS NOT NULL THEN d.device_id IS NOT NULL END AS is_device
        FROM transactions t LEFT JOIN (SELECT * FROM devices WHERE device_id IS NOT NULL) d
        ON d.device_id = t.device_id
    """,
    "swipes": """
        SELECT t.ts, t.card_id, t.from_account, t.to_account, c.account_id, c.issued, c.expires,
               CASE WHEN t.card_id IS NOT NULL THEN c.card_id IS NOT NULL END AS is_card
        FROM transactions t LEFT JOIN (SELECT * FROM cards WHERE card_id IS NOT NULL) c
        ON c.card_id = t.card_id
    """,
    "card_keys": "SELECT row_number() OVER (PARTITION BY card_id ORDER BY rn) AS nth FROM cards",
    "device_keys": "SELECT row_number() OVER (PARTITION BY device_id ORDER BY rn) AS nth FROM devices",
    "customer_keys": "SELECT row_number() OVER (PARTITION BY customer_id ORDER BY rn) AS nth FROM customers",
    "merchant_keys": "SELECT row_number() OVER (PARTITION BY merchant_id ORDER BY rn) AS nth FROM merchants",
    "placed": f"""
        SELECT *, ({SPLIT})::INT AS split, ({REMOTE})::INT AS remote, {PAID} AS paid,
               row_number() OVER paying AS pay_place, row_number() OVER getting AS get_place,
               lag(ts) OVER (ORDER BY rn) AS ts_above, lag(tx_id) OVER (ORDER BY rn) AS id_above
        FROM transactions
        WINDOW paying AS (PARTITION BY from_account ORDER BY ts NULLS LAST, tx_id NULLS LAST, rn),
               getting AS (PARTITION BY to_account ORDER BY ts NULLS LAST, tx_id NULLS LAST, rn)
    """,
    "rows": f"""
        SELECT t.*, a.kind AS payer_kind, a.overdraft_limit AS payer_limit, a.opened AS payer_opened,
               a.age AS payer_age, a.daily_limit AS payer_daily, b.kind AS payee_kind,
               b.opened AS payee_opened,
               CASE WHEN t.from_account IS NOT NULL THEN a.account_id IS NOT NULL END AS payer_known,
               CASE WHEN t.to_account IS NOT NULL THEN b.account_id IS NOT NULL END AS payee_known,
               {window("count(*)", "from_account", "pay_place", "> t.ts - INTERVAL 24 HOUR")} AS pays_24h,
               {window("coalesce(sum(remote), 0)", "from_account", "pay_place", "> t.ts - INTERVAL 1 HOUR")}
                   AS remote_1h,
               {window("coalesce(sum(paid), 0)", "from_account", "pay_place", ">= date_trunc('day', t.ts)")}
                   AS paid_today,
               {
        window("coalesce(sum(split), 0)", "to_account", "get_place", "> t.ts - INTERVAL 7 DAY")
    } AS splits_7d,
               {
        window(
            "coalesce(sum(CASE WHEN split = 1 THEN amount END), 0)",
            "to_account",
            "get_place",
            "> t.ts - INTERVAL 7 DAY",
        )
    } AS split_sum_7d
        FROM placed t LEFT JOIN known a ON a.account_id = t.from_account
        LEFT JOIN known b ON b.account_id = t.to_account
    """,
    "tx_keys": "SELECT row_number() OVER (PARTITION BY tx_id ORDER BY rn) AS nth FROM transactions",
    "account_keys": "SELECT row_number() OVER (PARTITION BY account_id ORDER BY rn) AS nth FROM accounts",
    "chain": """
        SELECT *, lag(ts) OVER (PARTITION BY account_id ORDER BY rn) AS ts_above,
               row_number() OVER sorted AS place, lag(balance_after) OVER sorted AS last_balance
        FROM legs WINDOW sorted AS (PARTITION BY account_id ORDER BY ts NULLS LAST, tx_id NULLS LAST, rn)
    """,
}
RULES = {
    "transactions.key": ("tx_keys", None, "nth = 1"),
    "transactions.complete": (
        "transactions",
        None,
        "tx_id IS NOT NULL AND ts IS NOT NULL AND from_account IS NOT NULL AND to_account IS NOT NULL"
        " AND amount IS NOT NULL AND status IS NOT NULL AND channel IS NOT NULL AND is_fraud IS NOT NULL"
        " AND is_laundering IS NOT NULL",
    ),
    "legs.complete": (
        "legs",
        None,
        "account_id IS NOT NULL AND ts IS NOT NULL AND tx_id IS NOT NULL AND signed IS NOT NULL"
        " AND balance_after IS NOT NULL AND opening_balance IS NOT NULL AND overdraft_limit IS NOT NULL"
        " AND external IS NOT NULL",
    ),
    "accounts.key": ("account_keys", None, "nth = 1"),
    "accounts.complete": (
        "accounts",
        None,
        "account_id IS NOT NULL AND kind IS NOT NULL AND opening_balance IS NOT NULL"
        " AND overdraft_limit IS NOT NULL AND opened IS NOT NULL",
    ),
    "customers.key": ("customer_keys", None, "nth = 1"),
    "customers.complete": (
        "customers", None, "customer_id IS NOT NULL AND kind IS NOT NULL AND since IS NOT NULL"
    ),
    "merchants.key": ("merchant_keys", None, "nth = 1"),
    "merchants.complete": ("merchants", None, "merchant_id IS NOT NULL AND account_id IS NOT NULL"),
    "shop_exists": ("sales", "merchant_id <> -1", "is_shop"),
    "devices.key": ("device_keys", None, "nth = 1"),
    "devices.complete": ("devices", None, "device_id IS NOT NULL AND first_seen IS NOT NULL"),
    "cards.key": ("card_keys", None, "nth = 1"),
    "cards.complete": (
        "cards",
        None,
        "card_id IS NOT NULL AND account_id IS NOT NULL AND issued IS NOT NULL AND expires IS NOT NULL",
    ),
    "card_exists": ("swipes", "card_id <> -1", "is_card"),
    "card_of_a_side": (
        "swipes", "card_id <> -1", "account_id = from_account OR account_id = to_account"
    ),
    "card_in_term": ("swipes", "card_id <> -1", "ts >= issued AND ts < expires + INTERVAL 1 DAY"),
    "device_exists": ("orders", "device_id <> -1", "is_device"),
    "device_seen_before": ("orders", "device_id <> -1", "ts >= first_seen"),
    "owner_exists": ("held", "kind <> 'external'", "owned"),
    "customer_before_account": ("held", "kind <> 'external'", "opened >= since"),
    "shop_has_account": ("shops", None, "has_account"),
    "amount_positive": ("rows", None, "amount > 0"),
    "two_parties": ("rows", None, "from_account <> to_account"),
    "status_known": ("rows", None, "status = 'posted' OR status = 'declined'"),
    "reason_of_decline": (
        "transactions",
        None,
        "CASE WHEN status = 'declined' THEN decline_reason IS NOT NULL WHEN status IS NOT NULL"
        " THEN decline_reason IS NULL END",
    ),
    "in_time_order": ("rows", None, "ts > ts_above OR (ts = ts_above AND tx_id <> id_above)"),
    "payer_exists": ("rows", None, "payer_known"),
    "payee_exists": ("rows", None, "payee_known"),
    "accounts_open": ("rows", None, "ts >= payer_opened AND ts >= payee_opened"),
    "payer_can_pay": (
        "rows", "status = 'posted' AND payer_kind <> 'external'", "from_balance_after >= -payer_limit"
    ),
    "declined_for_lack_of_money": (
        "rows",
        "status = 'declined' AND payer_kind <> 'external'",
        "from_balance_after - amount < -payer_limit",
    ),
    "truth_has_a_story": ("rows", "is_fraud OR is_laundering", "narrative IS NOT NULL"),
    "story_is_whole": (
        "rows",
        None,
        "CASE WHEN narrative IS NOT NULL THEN instance >= 0 AND phase IS NOT NULL"
        " ELSE instance < 0 AND phase IS NULL END",
    ),
    "decoys_are_benign": (
        "rows",
        "narrative = 'payroll_fan_out' OR narrative = 'marketplace_gather_scatter'",
        "NOT is_fraud AND NOT is_laundering",
    ),
    "structuring": (
        "rows",
        f"{SPLIT} AND payee_kind IN ('current', 'savings')",
        "splits_7d < 4 OR split_sum_7d <= 1000000",
    ),
    "velocity": ("rows", "payer_kind <> 'external'", "pays_24h <= 40"),
    "personal_velocity": ("rows", "payer_kind IN ('current', 'savings', 'card')", "pays_24h <= 40"),
    "card_testing": ("rows", REMOTE, "remote_1h <= 5"),
    "daily_limit": ("rows", "status = 'posted'", "paid_today <= payer_daily"),
    "minors_daily_limit": ("rows", "payer_age < 18 AND status = 'posted'", "paid_today <= 50000"),
    "minors_venues": (
        "rows",
        "payer_age < 18",
        "purpose NOT IN ('gambling', '7995', '7800', '7801', '7802', '5813', '5921')",
    ),
    "leg_moves": ("chain", None, "signed <> 0"),
    "legs_in_order": ("chain", None, "ts >= ts_above"),
    "ledger": (
        "chain",
        None,
        "balance_after = (CASE WHEN place = 1 THEN opening_balance ELSE last_balance END) + signed",
    ),
    "overdraft": ("chain", None, "external OR balance_after >= -overdraft_limit"),
    "limit_not_negative": ("accounts", None, "overdraft_limit >= 0"),
}  # fmt: skip
