"""What flows between the worlds: schemas, calendar, drivers, paths, transactions, portfolios, storage."""
