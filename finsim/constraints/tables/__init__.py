"""The tables of a check: typed columns with nulls, rows in groups and in order, cells back to Arrow.

Others may import every file here; it imports ``language`` only.
"""
