"""The event network: autoregressive over the fields of an event, causal over events, told of its entity.

Others import ``events_network`` only.
"""
