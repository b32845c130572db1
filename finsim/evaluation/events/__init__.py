"""Are synthetic event sequences like the real ones: rows of entities over time, the case ``events``."""
