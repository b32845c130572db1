"""What a cell means: stored or written values -> the canonical form of a declared type, or a refusal."""
