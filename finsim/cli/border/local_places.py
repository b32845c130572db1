"""Places on this machine: what is meant for another one is refused before any work."""

from __future__ import annotations

from finsim.verbs.calling.local_places import URL, local_path, refuse_remote, remote_url

__all__ = ["local_words"]

_ANYWHERE = {
    "run": frozenset({"-o", "--output", "--resume"}),
    "stress": frozenset({"", "-o", "--output"}),
    "verify": frozenset({"", "--against"}),
    "evaluate": frozenset({"", "--holdout"}),
    "sample": frozenset({"--history"}),
    **dict.fromkeys(
        (
            "check",
            "compare",
            "curriculum",
            "export",
            "fit",
            "inject",
            "new",
            "plan",
            "show",
            "simulate-book",
            "trace",
        ),
        frozenset({""}),
    ),
}
"""Verb -> the options ("" the argument) that take a URL: a run, or data that are read."""


def local_words(arguments: list[str], verb: str) -> list[str]:
    """Return command-line words with ``file:`` URLs as paths.

    Raises StudyError for the URL of another machine, also behind ``--output=``, where no run may lie there.
    """
    found = []
    for number, word in enumerate(arguments):
        head, equals, tail = word.partition("=") if word.startswith("-") else ("", "", word)
        if URL.match(tail):
            option = head or (arguments[number - 1] if number else "")
            option = option if option.startswith("-") else ""
            if not (option in _ANYWHERE.get(verb, ()) and remote_url(tail)):
                refuse_remote(tail, f"finsim {verb}: {option}" if option else f"finsim {verb}")
                tail = local_path(tail)
        found.append(f"{head}{equals}{tail}")
    return found
