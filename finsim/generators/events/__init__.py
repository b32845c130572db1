"""Generators of events: ragged sequences of mixed events per entity in, new entities out."""
