"""Signed records: ed25519 over an in-toto statement in a DSSE envelope."""
