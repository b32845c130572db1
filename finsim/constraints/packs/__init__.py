"""Rule packs: from a YAML file to a typed ``RuleSet``, every problem at its place.

Others import ``ruleset`` (``RuleSet``), ``rule`` (``Rule``, ``Repair``, ``Table``, ``Param``),
``repair_order``, ``linear_rules`` and ``loading.param``; the rest is how a file is read.
"""
