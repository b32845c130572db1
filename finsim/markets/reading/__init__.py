"""Reading prices: from a user's table to checked bars. ``finsim.markets.prices`` is what others import."""
