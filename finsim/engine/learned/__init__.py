"""Models of a user's table or ledger: read as declared, learned, saved, and sampled in the same columns."""
