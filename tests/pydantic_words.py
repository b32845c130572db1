"""The sentences of pydantic, as patterns: none of them may stand in a message of finsim."""

import re
from typing import Any, get_args

from pydantic_core import PydanticKnownError, core_schema

_HOLE = re.compile(r"\{[^}]*\}")


def template(kind: str) -> str:
    """Return the sentence of one kind of error, with its holes; what a hole needs is asked for in turn."""
    context: dict[str, Any] = {}
    for _ in range(8):
        try:
            return PydanticKnownError(kind, context or None).message_template  # type: ignore[arg-type]
        except TypeError as asked:
            name = re.findall(r"'(\w+)'", str(asked))[0]
            context[name] = 1 if context.get(name) == "x" else "x"
    raise AssertionError(kind)


def patterns() -> list[re.Pattern[str]]:
    """Return a pattern for each sentence that has words of its own."""
    found = []
    for kind in get_args(core_schema.ErrorType):
        parts = [re.escape(part) for part in _HOLE.split(template(kind))]
        if sum(map(len, parts)) >= 8:
            found.append(re.compile(".*".join(parts), re.IGNORECASE))
    return found


PATTERNS = (
    *patterns(),
    re.compile(r"pydantic|\b[a-z]+_(parsing|forbidden|mismatch|error|type)\b|errors\.pyd"),
)


def spoken(text: str) -> list[str]:
    """Return the patterns of pydantic that a text matches."""
    return [one.pattern for one in PATTERNS if one.search(text)]
