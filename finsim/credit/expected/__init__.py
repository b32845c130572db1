"""What a book is expected to lose, in closed form.

``one_year_loss.py``: the mean of the loss draws under a scenario. ``expected_credit_loss.py``: IFRS 9, over
twelve months and over life. ``scenario_weights.py``: what the scenarios of a run weigh. ``migration.py``: how
ratings migrate. ``provisions.py``: stage, expected credit loss and risk-weighted assets by loan and date.
"""
