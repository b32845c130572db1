"""The limit order book at event time: queues, arrivals, choices of orders, executions, and the session."""
