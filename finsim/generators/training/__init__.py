"""Training of every torch generator: one loop, its checkpoints, devices, windows and rule penalty.

Others import ``training_loop``, ``training_recipe``, ``training_windows`` and ``rule_penalty``.
"""
