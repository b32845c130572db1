"""Days: when entities are active, what a date is worth to all, and what repeats within a day."""
