"""What statements of accounts keep: balances that run on, debits and credits in two columns."""
