"""finsim: seeded synthetic financial worlds with ground truth, rules, stress and evidence."""

__version__ = "0.1.0"
