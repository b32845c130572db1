"""Loan books: synthesis, sector factors, monthly panels and loss distributions."""
