"""Market paths as backtesters and portfolio tools read them: one file a format."""
