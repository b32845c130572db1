"""On which side of its own account a row stands, where the sign of the amount alone says it."""
