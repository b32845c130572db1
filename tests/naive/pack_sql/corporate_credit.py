"""The pack ``corporate-credit`` in SQL."""

PARAMS = {}
VIEWS = {
    "firm_keys": "SELECT row_number() OVER (PARTITION BY firm_id, year ORDER BY rn) AS nth FROM firms",
    "ratios": """
        SELECT *, debt::DOUBLE / nullif(equity, 0) AS leverage,
               ebit::DOUBLE / nullif(interest, 0) AS coverage,
               lag(cash) OVER sorted AS last_cash, lag(defaulted) OVER sorted AS last_defaulted,
               row_number() OVER sorted AS place, lag(year) OVER sorted AS last_year,
               lag(year) OVER (PARTITION BY firm_id ORDER BY rn) AS year_above
        FROM firms WINDOW sorted AS (PARTITION BY firm_id ORDER BY year NULLS LAST, rn)
    """,
    "ranked": """
        SELECT *, quantile_cont(leverage, 0.9) OVER (PARTITION BY sector) AS high_leverage,
               quantile_cont(coverage, 0.5) OVER (PARTITION BY sector) AS usual_coverage
        FROM ratios
    """,
}
RULES = {
    "firms.key": ("firm_keys", None, "nth = 1"),
    "firms.complete": (
        "firms",
        None,
        "firm_id IS NOT NULL AND year IS NOT NULL AND sector IS NOT NULL AND assets IS NOT NULL"
        " AND liabilities IS NOT NULL AND equity IS NOT NULL AND fx_effect IS NOT NULL"
        " AND defaulted IS NOT NULL",
    ),
    "balance_sheet": ("ranked", None, "abs(assets - (liabilities + equity)) <= 100"),
    "cash_flow": ("ranked", None, "abs(cash - (last_cash + cfo + cfi + cff + fx_effect)) <= 100"),
    "assets_not_negative": ("ranked", None, "assets >= 0"),
    "cash_is_an_asset": ("ranked", None, "cash >= 0 AND cash <= assets"),
    "debt_is_a_liability": (
        "ranked",
        None,
        "debt >= 0 AND debt <= CASE WHEN liabilities IS NOT NULL THEN greatest(liabilities, 0) END",
    ),
    "ebitda_above_ebit": ("ranked", None, "ebitda >= ebit"),
    "ebit_within_revenue": ("ranked", "revenue > 0", "ebit <= revenue"),
    "interest_not_negative": ("ranked", None, "interest >= 0"),
    "negative_revenue": ("ranked", None, "NOT (revenue < 0 AND cfo > 0)"),
    "leverage_against_coverage": (
        "ranked", "equity > 0 AND leverage > high_leverage", "coverage < usual_coverage"
    ),
    "solvent": ("ranked", "NOT defaulted", "equity > 0"),
    "capital_ratio": (
        "ranked",
        "sector IN ('bank', 'banks', 'banking') AND rwa > 0",
        "cet1::DOUBLE / nullif(rwa, 0) >= 0.045",
    ),
    "years_in_order": ("ranked", None, "year >= year_above"),
    "one_row_a_year": ("ranked", None, "year > last_year"),
    "default_is_absorbing": (
        "ranked", "CASE WHEN place = 1 THEN FALSE ELSE last_defaulted END", "defaulted"
    ),
}  # fmt: skip
