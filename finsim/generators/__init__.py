"""Sequence generators: float arrays in, float arrays out; the catalogue of the room."""
