"""What holds of numbers and dates in the rows of one word: a status, a product, a kind of rate."""
