"""Payment cards: which account has which card from when on, and what ends it."""
