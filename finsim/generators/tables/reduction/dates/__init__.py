"""Rules between dates: months after another date, days between, ranges of these."""
