"""Who is on the other side of a row, where two columns say it: the account of some, the name of others."""
