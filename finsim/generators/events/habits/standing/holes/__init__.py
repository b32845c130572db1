"""Words that lack at random in rows of standing payments: told by the other rows, and taken out again."""
