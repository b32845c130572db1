"""The cells of a row beside its time, payee and amount."""
