"""The rule language: text to typed nodes, before any data.

Others may import every file here; this room imports no other room of ``constraints``.
"""
