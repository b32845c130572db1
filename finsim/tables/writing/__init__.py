"""One table into one file, in the form that its ending names: Parquet, CSV, Arrow or DuckDB."""
