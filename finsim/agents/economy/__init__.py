"""What the economy of a scenario does to people and firms: jobs, prices, spending, instalments, trade."""
