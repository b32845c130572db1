"""Studies: the file, what it names, and whether its inputs changed since the run started.

Others import ``study_file``, ``study_resolution``, ``named_inputs``, ``changed_inputs`` and ``plan_summary``.
"""
