"""Random packs of rules that have to do with one another, and claims of the conflict check against rows."""

import random

from naive.rule_tables import pack, verdicts

from finsim.errors import RuleError

NEAR = (("<", ">="), (">", "<="), ("and", "or"), ("=", "!="), ("0", "1"), ("2", "1"))


def related(draw, text, texts):
    """Return a rule that has to do with another one."""
    kind = draw.random()
    if kind < 0.3:
        return f"not ({text})"
    if kind < 0.5:
        return f"({text}) or ({draw.choice(texts)})"
    if kind < 0.7:
        return f"({text}) and ({draw.choice(texts)})"
    old, new = draw.choice(NEAR)
    changed = text.replace(f" {old} ", f" {new} ")
    try:
        pack([changed])
    except RuleError:  # rows of another table are found by `=` alone
        return text
    return changed


def random_pack(seed, known):
    """Return texts of rules that often clash, follow from one another or silence one another."""
    draw = random.Random(seed)
    chosen = draw.sample(known, 8)
    texts = [*chosen, *(related(draw, text, known) for text in draw.sample(chosen, 4))]
    texts += [f"({draw.choice(texts)}) => ({draw.choice(texts)})" for _ in range(3)]
    draw.shuffle(texts)
    return [with_keys(draw, text, texts) for text in texts]


def with_keys(draw, text, texts):
    """Return a rule that sometimes speaks of some rows only, and sometimes breaks where it is undecided."""
    quoted = draw.choice(texts).replace("'", "''")
    keys = [f"when: '{quoted}'"] if draw.random() < 0.15 else []
    keys += ["nulls: fail"] if draw.random() < 0.1 else []
    return f"{text} | {', '.join(keys)}" if keys else text


def whole_rules(rules, tables, params=None):
    """Return rule id -> True, False or None for each row, ``when`` and ``nulls`` included."""
    check = verdicts(rules, tables, 60, params=params)
    when = verdicts(rules, tables, 60, part=lambda rule: rule.when or rule.check, params=params)
    found = {}
    for rule in rules.rules:
        if rule.id in check:
            cells = check[rule.id]
            if rule.when is not None:
                cells = [not_if(a, b) for a, b in zip(when[rule.id], cells, strict=True)]
            undecided = False if rule.nulls == "fail" else None
            found[rule.id] = [undecided if one is None else one for one in cells]
    return found


def not_if(speaks, holds):
    if speaks is False or holds is True:
        return True
    return False if speaks is True and holds is False else None


def rows_where(found, ids, wanted):
    """Return the rows in which all these rules have one of the wanted verdicts."""
    count = len(next(iter(found.values())))
    return {row for row in range(count) if all(found[name][row] in wanted for name in ids)}


def judge(report, found, spoken):
    """Hold every claim against the rows. A rule is dead where the rules ``by`` hold, its own among them."""
    for conflict in report.conflicts:
        assert not rows_where(found, [one.id for one in conflict.rules], (True, None)), conflict.to_text()
    for conflict in report.where_known:
        assert not rows_where(found, [one.id for one in conflict.rules], (True,)), conflict.to_text()
    for dead in report.dead:
        holds = rows_where(found, [one.id for one in dead.by], (True, None))
        assert not holds & rows_where(spoken, [dead.rule.id], (True,)), dead.to_text()
    for one in report.redundant:
        holds = rows_where(found, [rule.id for rule in one.by], (True, None))
        assert not holds & rows_where(found, [one.rule.id], (False,)), one.to_text()
    assert [example for example in report.examples if example.unconfirmed] == []
