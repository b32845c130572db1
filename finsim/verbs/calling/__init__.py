"""How verbs are called: arguments checked at once, progress of long work."""
