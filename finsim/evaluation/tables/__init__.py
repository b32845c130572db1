"""Is a synthetic table like the real one: paired columns, roles, and the metrics of the case ``table``."""
