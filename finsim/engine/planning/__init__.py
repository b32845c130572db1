"""What is known of a run before it starts: what it would refuse, what it will cost, how much it will hold.

Others import ``plan_summary`` and ``refusals``.
"""
