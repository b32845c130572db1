"""Rows that answer rows: a shop pays a purchase back, a transfer stands on both sides."""
