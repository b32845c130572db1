"""Rules: what must hold, how a breach is found, explained and repaired."""
