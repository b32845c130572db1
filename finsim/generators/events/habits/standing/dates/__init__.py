"""Dates of standing payments: those on which banks are closed."""
