"""Is the synthetic side good for the job: one metric a file."""
