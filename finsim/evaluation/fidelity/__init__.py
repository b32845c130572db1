"""Does the synthetic side look like the real one: one metric a file."""
