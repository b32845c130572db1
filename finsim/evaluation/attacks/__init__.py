"""Privacy by attack, on rows (case ``table``) and whole entities (case ``events``)."""
