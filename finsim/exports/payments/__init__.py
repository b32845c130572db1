"""Payments as other tools read them: one file a format, on one stream of rows."""
