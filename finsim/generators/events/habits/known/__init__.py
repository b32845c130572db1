"""What of a log may be known, and how well habits know it."""
