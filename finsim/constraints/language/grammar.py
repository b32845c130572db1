"""Parse rule text into ``Expr`` with one closed grammar; anything else is refused."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from finsim.constraints.language.expression import Expr

MAX_CHARACTERS, MAX_DEPTH, MAX_TERMS, MAX_MEMBERS = 10_000, 64, 64, 256

_GRAMMAR = r"""
start: assign | expr
assign: NAME ":=" expr
?expr: "if" expr "then" expr ["else" expr] -> if_
     | or_
     | or_ ARROW expr                      -> implies
?or_: and_ ("or" and_)*
?and_: not_ ("and" not_)*
?not_: "not" not_ -> negated
     | cmp
?cmp: sum
    | sum (COMPARE sum)+                   -> compare
    | sum "between" sum "and" sum          -> between
    | sum "in" members                     -> in_
    | sum "not" "in" members               -> not_in
    | sum "is" "null"                      -> isnull
    | sum "is" "not" "null"                -> notnull
members: "{" sum ("," sum)* [","] "}" | NAME
?sum: product (SUM product)*
?product: unary (TIMES unary)*
?unary: SUM unary -> signed
      | power
?power: atom ["^" unary]
?atom: NUMBER UNIT? UNIT?                  -> number
     | DATE                                -> date
     | LABEL                               -> label
     | NAME                                -> name
     | NAME "." NAME                       -> ref
     | NAME "(" [arg ("," arg)*] ")"       -> call
     | NAME "(" [arg ("," arg)*] ")" "where" or_ -> call_where
     | "(" expr ")"
?arg: expr | NAME ":" expr                 -> named
    | NAME ":" "{" [NAME ("," NAME)*] "}"  -> columns
ARROW.3: "=>"
COMPARE: "<=" | ">=" | "!=" | "<" | ">" | "="
SUM: "+" | "-"
TIMES: "*" | "/"
NUMBER: /[0-9][0-9_]*(\.[0-9]+)?([eE][-+]?[0-9]+)?/
UNIT: /%|(bp|k|min|m|d|h|s)\b|[A-Z]{3}\b/
DATE.2: /d'[^'\n]*'/
LABEL: /'[^'\n]*'/
NAME: /[A-Za-z_][A-Za-z_0-9]*/
%ignore /[ \t\r\n]+/
"""

RESERVED = frozenset(
    ("if", "then", "else", "or", "and", "not", "between", "in", "is", "null", "true", "false")
)


class Misread(Exception):
    """A text that is not a rule: what is wrong, where in the text (offsets), and the remedy."""

    def __init__(self, found: str, start: int, end: int, remedy: str = "") -> None:
        super().__init__(found)
        self.found, self.start, self.end, self.remedy = found, start, end, remedy


@lru_cache(maxsize=1)
def _parser() -> Any:
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def parse(text: str) -> Expr:
    """Parse one rule expression; raises Misread with offsets when it is not one.

    Limits: 10,000 characters, 64 levels of nesting, 64 terms in a sum or product, 256 in `and`, `or`
    and sets.
    """
    from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken

    if len(text) > MAX_CHARACTERS:
        raise Misread(f"the rule has {len(text):,} characters; at most {MAX_CHARACTERS:,}", 0, 1, "split it")
    if not text.strip():
        raise Misread("the rule is empty", 0, 1, "write what must hold, such as `amount > 0`")
    try:
        tree = _parser().parse(text)
    except UnexpectedCharacters as bad:
        at = bad.pos_in_stream or 0
        raise Misread(f"unexpected character {text[at : at + 1]!r}", at, at + 1, _hint(text, at)) from None
    except (UnexpectedEOF, UnexpectedToken) as bad:
        token = getattr(bad, "token", None)
        if token is None or token.type == "$END":
            end = len(text.rstrip())
            raise Misread("the rule ends too early", end, end + 1, _wanted(bad)) from None
        at = token.start_pos or 0
        raise Misread(f"unexpected {str(token)!r}", at, at + len(token), _wanted(bad)) from None
    return _build(tree.children[0], text, 0)


def _hint(text: str, at: int) -> str:
    hints = {
        '"': "write labels in single quotes: 'posted'",
        "&": "write `and`",
        "|": "write `or`",
        "!": "write `not` or `!=`",
        "[": "write a set as {a, b}",
        ".": "columns have no attributes; another table's column stands in parent(table.column)",
    }
    return hints.get(text[at : at + 1], "remove it")


def _wanted(bad: Any) -> str:
    names = {
        "NAME": "a column", "NUMBER": "a number", "LABEL": "a 'label'", "RPAR": "')'", "RBRACE": "'}'",
        "COMPARE": "a comparison", "THEN": "'then'", "AND": "'and'", "LBRACE": "'{'",
    }  # fmt: skip
    expected: Iterable[str] = getattr(bad, "expected", None) or getattr(bad, "accepts", None) or ()
    shown = [names[name] for name in names if name in set(expected)]
    return f"write {', '.join(shown[:4])} here" if shown else "correct the text here"


def _build(tree: Any, text: str, depth: int) -> Expr:
    """Turn lark's tree into ``Expr``; tokens are literals and operators, trees are pieces."""
    if depth > MAX_DEPTH:
        raise Misread(f"nested more than {MAX_DEPTH} levels deep", 0, len(text), "split it with `let`")
    kind, meta = str(tree.data), tree.meta
    start, end = getattr(meta, "start_pos", 0), getattr(meta, "end_pos", len(text))
    limit = 2 * MAX_TERMS if kind in ("sum", "product") else MAX_MEMBERS
    if len(tree.children) > limit:
        raise Misread("too many terms in one chain", start, end, "split it with `let`")
    if kind in ("sum", "product", "compare"):
        return _chain(kind, tree.children, text, depth)
    tokens = [child for child in tree.children if not hasattr(child, "data")]
    args = tuple(_build(child, text, depth + 1) for child in tree.children if hasattr(child, "data"))
    word = str(tokens[0]) if tokens else ""
    if kind == "number":
        return Expr("number", " ".join(str(token) for token in tokens), (), start, end)
    if kind == "date":
        return Expr("date", word[2:-1], (), start, end)
    if kind == "label":
        return Expr("label", word[1:-1], (), start, end)
    if kind == "ref":
        return Expr("ref", f"{tokens[0]}.{tokens[1]}", (), start, end)
    if kind == "members":
        return Expr("name", word, (), start, end) if word else Expr("set", "", args, start, end)
    if kind == "columns":
        names = tuple(Expr("name", str(one), (), one.start_pos, one.end_pos) for one in tokens[1:])
        return Expr("named", word, (Expr("set", "", names, start, end),), start, end)
    if kind == "call_where":
        condition = Expr("named", "where", args[-1:], args[-1].start, args[-1].end)
        return Expr("call", word, (*args[:-1], condition), start, end)
    if kind == "signed":
        return args[0] if word == "+" else Expr("neg", "-", args, start, end)
    if kind == "notnull":
        return Expr("not", "", (Expr("isnull", "", args, start, end),), start, end)
    if kind == "not_in":
        return Expr("not", "", (Expr("in", "", args, start, end),), start, end)
    return Expr(_OPS.get(kind, kind), "" if kind == "implies" else word, args, start, end)


_OPS = {
    "if_": "if", "implies": "=>", "or_": "or", "and_": "and", "negated": "not", "in_": "in", "power": "^",
}  # fmt: skip


def _chain(kind: str, children: list[Any], text: str, depth: int) -> Expr:
    """Fold ``a - b + c`` to the left; a comparison takes exactly two sides."""
    left = _build(children[0], text, depth + 1)
    if kind == "compare" and len(children) > 3:
        last = children[3]
        raise Misread(
            "comparisons do not chain",
            last.start_pos,
            last.end_pos,
            "write 'a < b and b < c' or 'b between a and c'",
        )
    for sign, child in zip(children[1::2], children[2::2], strict=True):
        right = _build(child, text, depth + 1)
        op = "compare" if kind == "compare" else str(sign)
        left = Expr(op, str(sign), (left, right), left.start, right.end)
    return left
