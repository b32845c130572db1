"""Are groups of people treated alike by a model that learned from synthetic data."""
