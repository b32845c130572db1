"""Rules in words: one row under every rule, and a pack as a page for people.

Others import ``explain`` and ``rule_page``.
"""
