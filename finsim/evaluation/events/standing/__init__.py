"""What comes back by the calendar, and how many rows each word has: wages, rents, subscriptions."""
