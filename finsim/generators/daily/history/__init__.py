"""What of a history is not learned as it stands."""
