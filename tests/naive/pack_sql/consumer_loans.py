"""The pack ``consumer-loans`` in SQL."""

PARAMS = {}
VIEWS = {
    "loan_keys": "SELECT row_number() OVER (PARTITION BY loan_id ORDER BY rn) AS nth FROM loans",
    "month_keys": "SELECT row_number() OVER (PARTITION BY loan_id, month ORDER BY rn) AS nth FROM months",
    "tape": """
        SELECT *, round_even(CASE
                 WHEN term_months <= 0 OR rate <= -12 THEN NULL
                 WHEN rate = 0 THEN amount::DOUBLE / term_months
                 ELSE amount::DOUBLE * (rate / 12) / (1 - power(1 + rate / 12, -term_months)) END, 0)::BIGINT
                 AS due,
               (payment + other_debt)::DOUBLE / nullif(income, 0) AS burden,
               amount::DOUBLE / nullif(collateral_value, 0) AS share,
               (SELECT cast(replace(u.cap, '%', '') AS DOUBLE) / 100 FROM usury u
                WHERE u.jurisdiction = l.jurisdiction AND u.product = l.loan_class
                AND l.opened >= coalesce(u."from", DATE '0001-01-01')
                AND l.opened <= coalesce(u."to", DATE '9999-12-31')
               ) AS legal_cap
        FROM loans l
    """,
    "course": """
        SELECT m.*, round_even(m.balance::DOUBLE * m.lgd, 0)::BIGINT AS expected_loss,
               CASE WHEN m.loan_id IS NOT NULL
                 THEN EXISTS (SELECT 1 FROM loans l WHERE l.loan_id = m.loan_id) END AS known,
               lag(month) OVER (PARTITION BY m.loan_id ORDER BY rn) AS month_above,
               row_number() OVER sorted AS place, lag(status) OVER sorted AS last_status,
               lag(month) OVER sorted AS last_month,
               lag(balance) OVER sorted AS last_balance
        FROM months m WINDOW sorted AS (PARTITION BY m.loan_id ORDER BY month NULLS LAST, rn)
    """,
}
RULES = {
    "loans.key": ("loan_keys", None, "nth = 1"),
    "loans.complete": (
        "loans",
        None,
        " AND ".join(
            f"{name} IS NOT NULL"
            for name in (
                "loan_id", "sector", "loan_class", "jurisdiction", "other_debt", "amount", "balance",
                "rate", "term_months", "payment", "pd", "lgd", "rho", "opened",
            )
        ),
    ),
    "months.key": ("month_keys", None, "nth = 1"),
    "months.complete": (
        "months",
        None,
        "loan_id IS NOT NULL AND month IS NOT NULL AND status IS NOT NULL AND balance IS NOT NULL"
        " AND pd IS NOT NULL AND lgd IS NOT NULL AND loss IS NOT NULL",
    ),
    "age_range": ("tape", None, "age >= 7 AND age <= 100"),
    "minor_loan": ("tape", "age < 18", "amount <= 200000"),
    "mostly_adults": ("tape", None, "age >= 18"),
    "young_borrowers": ("tape", "age < 21", "amount <= 1000000"),
    "amount_positive": ("tape", None, "amount > 0"),
    "term_positive": ("tape", None, "term_months > 0"),
    "income_positive": ("tape", None, "income > 0"),
    "usury_cap": ("tape", "jurisdiction = ''", "rate >= 0 AND rate <= 0.24"),
    "usury_law": ("tape", "jurisdiction <> ''", "rate >= 0 AND rate <= legal_cap"),
    "annuity_identity": ("tape", None, "abs(payment - due) <= 1"),
    "dti_identity": ("tape", None, "abs(dti - burden) <= 1e-9"),
    "dti_sound": ("tape", None, "dti <= 0.45"),
    "mortgage_dti_cap": ("tape", "loan_class = 'mortgage'", "dti <= 0.43"),
    "ltv_identity": ("tape", "collateral_value > 0", "abs(ltv - share) <= 1e-9"),
    "ltv_cap": ("tape", "loan_class = 'mortgage'", "ltv <= 0.97"),
    "balance_range": ("tape", None, "balance >= 0 AND balance <= amount"),
    "pd_open_range": ("tape", None, "pd > 0 AND pd < 1"),
    "lgd_range": ("tape", None, "lgd >= 0 AND lgd <= 1"),
    "rho_range": ("tape", None, "rho >= 0 AND rho < 1"),
    "loan_known": ("course", None, "known"),
    "status_known": ("course", None, "status IN ('current', 'late', 'default', 'prepaid', 'matured')"),
    "balance_not_negative": ("course", None, "balance >= 0"),
    "shares_are_shares": ("course", None, "pd >= 0 AND pd <= 1 AND lgd >= 0 AND lgd <= 1"),
    "loss_only_in_default": (
        "course",
        None,
        "CASE WHEN status IS NULL THEN NULL WHEN status = 'default' THEN loss >= 0 AND loss <= balance"
        " ELSE loss = 0 END",
    ),
    "loss_identity": ("course", "status = 'default'", "abs(loss - expected_loss) <= 1"),
    "repaid_owes_nothing": ("course", "status IN ('prepaid', 'matured')", "balance = 0"),
    "months_in_order": ("course", None, "month >= month_above"),
    "one_row_a_month": ("course", None, "month > last_month"),
    "end_is_absorbing": (
        "course", None, "CASE WHEN place = 1 THEN TRUE ELSE last_status IN ('current', 'late') END"
    ),
    "balance_falls": (
        "course", None, "balance <= CASE WHEN place = 1 THEN balance ELSE last_balance END"
    ),
}  # fmt: skip
