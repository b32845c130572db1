"""Runs in an object store: worked on in a folder of this machine, copied as they grow, the record last."""
