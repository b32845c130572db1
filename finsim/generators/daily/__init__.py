"""The daily flow: one explicit volatility state per series, and a flow over the vector of one day.

Others import ``daily_flow``.
"""
