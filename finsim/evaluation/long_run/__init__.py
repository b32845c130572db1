"""What a backtest lives on over months and years: drift, wealth, mean reversion, falls. One metric a file."""
