"""Generators of single tables: rows of mixed columns in, rows of the same columns out."""
