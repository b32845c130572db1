"""The order of work, logical shards, executors and resume."""
