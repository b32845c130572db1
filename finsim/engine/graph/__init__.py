"""The work of a run as a graph of tasks: what needs what, what is left to do, what it costs.

Others import from the files of this room.
"""
