"""Numbers that follow from another number of their row within words: found, computed and checked."""
