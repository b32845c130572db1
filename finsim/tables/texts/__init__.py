"""Text columns made of other cells of their row: what they are made of is found, and filled in again."""
