"""Is a synthetic loan book like the tape it was learned from, and do its losses carry a stress test."""
