"""What the cells of a loan tape tell where a header means different things in different languages."""
