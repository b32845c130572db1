"""Does the synthetic side give away real records: one metric a file."""
