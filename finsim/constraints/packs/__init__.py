"""Rule packs: from a YAML file to a typed ``RuleSet``, every problem at its place.

Others import ``ruleset`` (``RuleSet``), ``rule`` (``Rule``, ``Repair``, ``Table``, ``Param``),
``linear_rules``, ``repair_order``, ``rule_builder`` (completeness) and ``loading`` (values of parameters).
"""
