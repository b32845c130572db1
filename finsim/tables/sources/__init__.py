"""Where rows come from: text files, Parquet, tables in memory; each is read batch by batch."""
