"""The two tiers side by side."""

from finsim.constraints.checking.check import check


def both(tables, rules, **options):
    """Return the two reports as data."""
    slow = check(tables, rules, tier="numpy", excused=options.get("excused"), params=options.get("params"))
    return slow.to_dict(), check(tables, rules, tier="compiled", **options).to_dict()
