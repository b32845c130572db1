"""Rows that answer rows: refunds and second sides of transfers."""
