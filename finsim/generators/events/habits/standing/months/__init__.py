"""What payees pay or ask in one month of the year."""
