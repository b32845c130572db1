"""One number a path (tail weight, drift, drawdown): its score by the rank of the real path."""
