"""What can be wrong with the real data behind a synthetic set: blocks that move it, and age."""
