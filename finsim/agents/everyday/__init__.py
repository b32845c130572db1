"""Ordinary payments: income, bills, purchases, cash, transfers and business payments.

Others import ``ordinary_payments`` only.
"""
