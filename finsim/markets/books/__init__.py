"""Limit order books of a day: the law of the flow, bars in ticks and lots, the reference, and the walk."""
