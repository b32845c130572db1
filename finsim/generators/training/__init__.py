"""Training of every torch generator: one loop, its checkpoints, devices, windows and rule penalty.

Others may import every file here; a generator hands ``training_loop`` a ``training_interface``.
"""
