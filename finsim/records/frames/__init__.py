"""Arrow tables as frames of other libraries: dtypes, units of money, and the shapes of backtesters."""
