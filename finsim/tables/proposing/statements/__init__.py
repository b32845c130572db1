"""How statements with debits and credits in two columns are known, by headers and cells."""
