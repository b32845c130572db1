"""What a run answers: the key figures of each scenario, their comparison, and the lines on the screen.

Others may import every file here.
"""
