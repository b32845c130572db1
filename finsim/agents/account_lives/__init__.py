"""What becomes of accounts: who shares them, which lie still."""
