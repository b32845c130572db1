"""What accounts of a ledger do: sell, pay wages, are paid rents, or both pay and are paid."""
