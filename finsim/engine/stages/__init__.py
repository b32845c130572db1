"""Tasks of a run by world: market, transactions, credit, evidence, and the rules of each table."""
