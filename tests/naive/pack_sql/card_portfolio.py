"""The pack ``card-portfolio`` in SQL."""

PARAMS = {}


def window(value, since):
    """Aggregate the rows of the account that stand before this one and are late enough."""
    return f"""CASE WHEN t.ts IS NOT NULL THEN (
        SELECT {value} FROM placed p
        WHERE p.account_id IS NOT DISTINCT FROM t.account_id AND p.place <= t.place
        AND p.ts > t.ts - {since}) END"""


VIEWS = {
    "account_keys": "SELECT row_number() OVER (PARTITION BY account_id ORDER BY rn) AS nth FROM accounts",
    "statement_keys": """
        SELECT row_number() OVER (PARTITION BY account_id, month ORDER BY rn) AS nth FROM statements
    """,
    "payment_keys": "SELECT row_number() OVER (PARTITION BY payment_id ORDER BY rn) AS nth FROM payments",
    "known": """
        SELECT * FROM accounts WHERE account_id IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY account_id ORDER BY rn) = 1
    """,
    "months": """
        SELECT s.*, balance::DOUBLE / nullif(credit_limit, 0) AS used,
               CASE WHEN balance IS NOT NULL AND interest IS NOT NULL AND fees IS NOT NULL THEN
                 least(balance,
                       greatest(2500, round_even(balance * 0.01::DOUBLE, 0)::BIGINT + interest + fees))
               END AS due,
               CASE WHEN s.account_id IS NOT NULL THEN s.account_id IN (SELECT account_id FROM known) END
                 AS known,
               coalesce((SELECT cast(replace(u.cap, '%', '') AS DOUBLE) / 100 FROM usury u
                         WHERE u.jurisdiction = s.jurisdiction AND u.product = 'cards'
                         AND s.month >= coalesce(u."from", DATE '0001-01-01')
                         AND s.month <= coalesce(u."to", DATE '9999-12-31')), 0.36) AS cap,
               lag(month) OVER (PARTITION BY account_id ORDER BY rn) AS month_above,
               row_number() OVER sorted AS place, lag(balance) OVER sorted AS last_balance,
               lag(month) OVER sorted AS last_month,
               lag(days_past_due) OVER sorted AS last_dpd, lag(min_payment) OVER sorted AS last_min,
               lag(status) OVER sorted AS last_status
        FROM statements s WINDOW sorted AS (PARTITION BY account_id ORDER BY month NULLS LAST, rn)
    """,
    "placed": """
        SELECT p.*, a.opened, a.account_id IS NOT NULL AS found,
               coalesce(p.country <> a.home_country, FALSE) AS abroad,
               row_number() OVER sorted AS place, lag(country) OVER sorted AS last_country,
               lag(is_present) OVER sorted AS last_present, lag(ts) OVER sorted AS last_ts,
               quantile_cont(amount::DOUBLE, 0.5) OVER (PARTITION BY p.account_id) AS median
        FROM payments p LEFT JOIN known a ON a.account_id = p.account_id
        WINDOW sorted AS (PARTITION BY p.account_id ORDER BY ts NULLS LAST, payment_id NULLS LAST, p.rn)
    """,
    "stream": f"""
        SELECT *, {window("count(*)", "INTERVAL 1 HOUR")} AS pays_1h,
               {window("count(*) FILTER (WHERE p.amount < 500)", "INTERVAL 1 HOUR")} AS small_1h,
               {window("count(*) FILTER (WHERE p.abroad)", "INTERVAL 24 HOUR")} AS abroad_24h
        FROM placed t
    """,
}
RULES = {
    "accounts.key": ("account_keys", None, "nth = 1"),
    "accounts.complete": (
        "accounts", None, "account_id IS NOT NULL AND opened IS NOT NULL AND credit_limit IS NOT NULL"
    ),
    "statements.key": ("statement_keys", None, "nth = 1"),
    "statements.complete": (
        "statements",
        None,
        " AND ".join(
            f"{name} IS NOT NULL"
            for name in (
                "account_id", "month", "status", "credit_limit", "purchases", "interest", "fees", "payments",
                "balance",                "days_past_due", "jurisdiction",
            )
        ),
    ),
    "payments.key": ("payment_keys", None, "nth = 1"),
    "payments.complete": (
        "payments",
        None,
        "payment_id IS NOT NULL AND account_id IS NOT NULL AND ts IS NOT NULL AND amount IS NOT NULL"
        " AND status IS NOT NULL",
    ),
    "limit_not_negative": ("accounts", None, "credit_limit >= 0"),
    "holder_of_age": ("accounts", None, "age >= 18"),
    "young_holder_can_pay": ("accounts", "age < 21", "income > 0 OR cosigner"),
    "account_known": ("months", None, "known"),
    "months_in_order": ("months", None, "month >= month_above"),
    "one_statement_a_month": ("months", None, "month > last_month"),
    "flows_not_negative": (
        "months", None, "purchases >= 0 AND interest >= 0 AND fees >= 0 AND payments >= 0"
    ),
    "balance_identity": (
        "months",
        None,
        "balance = (CASE WHEN place = 1 THEN opening_balance ELSE last_balance END)"
        " + purchases + interest + fees - payments",
    ),
    "within_limit": ("months", None, "balance <= credit_limit * 1.1::DOUBLE"),
    "utilisation_identity": ("months", "credit_limit > 0", "abs(utilisation - used) <= 1e-9"),
    "utilisation_sound": ("months", "credit_limit > 0", "balance <= credit_limit"),
    "min_payment_range": (
        "months",
        None,
        "min_payment >= 0"
        " AND min_payment <= CASE WHEN balance IS NOT NULL THEN greatest(balance, 0) END",
    ),
    "min_payment_amortises": ("months", "balance > 0", "min_payment + 1 >= due"),
    "apr_cap": ("months", None, "apr >= 0 AND apr <= cap"),
    "dpd_not_negative": ("months", None, "days_past_due >= 0"),
    "dpd_steps": (
        "months", None, "days_past_due <= CASE WHEN place = 1 THEN days_past_due ELSE last_dpd END + 31"
    ),
    "dpd_needs_a_missed_payment": ("months", "days_past_due > last_dpd", "payments < last_min"),
    "status_of_arrears": (
        "months",
        "status IN ('current', 'delinquent')",
        "CASE WHEN status = 'current' THEN days_past_due < 30"
        " WHEN status IS NOT NULL THEN days_past_due >= 30 END",
    ),
    "charge_off_due": ("months", "days_past_due >= 180", "status = 'charged_off'"),
    "charge_off_is_final": (
        "months",
        "CASE WHEN place = 1 THEN FALSE ELSE last_status = 'charged_off' END",
        "status = 'charged_off'",
    ),
    "payment_positive": ("stream", None, "amount > 0"),
    "payer_known": ("stream", None, "CASE WHEN account_id IS NOT NULL THEN found END"),
    "after_opening": ("stream", None, "ts >= opened"),
    "velocity": ("stream", None, "pays_1h <= 10"),
    "card_testing": ("stream", None, "amount >= 500 OR small_1h <= 5"),
    "foreign_payments": ("stream", None, "NOT abroad OR abroad_24h <= 10"),
    "possible_travel": (
        "stream",
        "is_present AND last_present AND country <> last_country",
        "ts - last_ts >= INTERVAL 1 HOUR",
    ),
    "minors": (
        "stream", "user_age < 18",
        "category NOT IN ('gambling', '7995', '7800', '7801', '7802', '5813', '5921')",
    ),
    "spread_of_sizes": ("stream", "status = 'posted'", "amount <= 100 * median"),
}  # fmt: skip
