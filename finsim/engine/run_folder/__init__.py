"""The folder of a run while it is worked in: its owner, its own records, what a stopped run left.

Others import from the files of this room; the readers of plan and tasks are ``engine.finished_tasks``.
"""
