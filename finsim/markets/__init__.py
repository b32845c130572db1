"""Market paths: read prices, encode bars as features and back, stress them."""
