"""What rows of a statement keep: balances that run on, words that stand together."""
