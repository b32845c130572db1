"""Key figures of records: their text, tails of losses, the mean path."""
