"""Commands of limit order books."""
