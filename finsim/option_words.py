"""What other programs call our verbs and options: the words that hints understand."""

from __future__ import annotations

from collections.abc import Sequence

from finsim.errors import did_you_mean

OPTIONS = {
    "--paths": (
        "--n",
        "-n",
        "--num-paths",
        "--n-paths",
        "--count",
        "--samples",
        "--num",
        "--size",
        "--simulations",
    ),
    "--steps": ("--length", "--sessions", "--bars", "--horizon", "--epochs", "--iterations", "--max-steps"),
    "--days": ("--length", "--period", "--horizon", "--duration"),
    "--accounts": (
        "--n",
        "-n",
        "--customers",
        "--users",
        "--num-accounts",
        "--n-accounts",
        "--size",
        "--count",
    ),
    "-o": (
        "--out",
        "--output-dir",
        "--outdir",
        "--out-dir",
        "--output-file",
        "--outfile",
        "--save",
        "--dest",
        "-O",
    ),
    "--seed": ("--random-state", "--random-seed", "--rng", "-s", "--state"),
    "--workers": ("--n-jobs", "--jobs", "-j", "--n-workers", "--processes", "--parallel", "--num-workers"),
    "--threads": ("--n-jobs", "--jobs", "-j", "--workers", "--n-threads", "--num-threads"),
    "--rules": ("--rule", "--pack", "--ruleset", "--rule-pack", "-r", "--constraints"),
    "--generator": ("--model", "--learner", "--method", "-g", "--algorithm", "--kind"),
    "--scenario": ("--shock", "--scenarios", "--stress", "--event"),
    "--severity": ("--intensity", "--strength", "--magnitude", "--level"),
    "--cpu-seconds": ("--budget", "--time", "--time-limit", "--timeout", "--seconds"),
    "--narrative": ("--typology", "--typologies", "--story", "--fraud", "--narratives", "--pattern"),
    "--schemes": ("--scheme", "--cases", "--frauds", "--instances"),
    "--start": ("--from", "--begin", "--start-date", "--date"),
    "--history": ("--continue", "--context", "--prices", "--condition"),
    "--csv": ("--sep", "--delimiter", "--decimal", "--encoding", "--dialect"),
    "--schema": ("--columns", "--mapping", "--types"),
    "--quiet": ("--silent", "--no-progress", "-s"),
    "--json": ("--format", "--as-json", "-j"),
    "--version": ("-v", "-V", "--ver"),
    "--no-fail": ("--exit-zero", "--exit-0", "--soft-fail", "--ignore-errors"),
    "--repair": ("--fix", "--mend", "--clean"),
    "--set": ("--param", "-p", "--parameter", "--define"),
    "--like": ("--template", "--from", "--example", "--base"),
    "--against": ("--compare", "--with", "--other"),
    "--resume": ("--continue", "--restart", "--checkpoint"),
    "--scale": ("--size", "--factor", "--fraction"),
    "--as": ("--to", "--format", "--form", "--type"),
    "--open": ("--show", "--browser", "--view"),
}
"""Our option -> what others call it."""

VERBS = {
    "new": ("init", "create", "template", "start", "scaffold", "quickstart"),
    "plan": ("dry-run", "estimate", "preview", "explain", "lint-study"),
    "run": ("execute", "build", "start-run", "launch", "make", "all"),
    "fit": ("train", "learn", "calibrate", "fit-model"),
    "sample": ("generate", "draw", "synthesize", "synthesise", "gen", "predict"),
    "simulate": ("transactions", "sim", "fraud", "payments"),
    "stress": ("stress-test", "stresstest", "shock", "stress_test", "scenario"),
    "check": ("validate", "lint", "test", "repair", "clean", "assert"),
    "evaluate": ("score", "judge", "eval", "metrics", "assess", "quality"),
    "verify": ("hash", "audit", "checksum", "reproduce"),
    "sign": ("attest", "seal", "signature", "dsse"),
    "show": ("info", "describe", "cat", "inspect", "view", "head"),
    "list": ("ls", "catalog", "catalogue", "names", "scenarios", "generators"),
    "compare": ("diff", "delta", "versus"),
    "trace": ("lineage", "provenance", "origin", "why"),
    "report": ("page", "html", "open", "dashboard"),
    "rules": ("pack", "packs", "constraints", "rule"),
}
"""Our verb -> what others call it."""

INNER_VERBS = {
    "lint": ("check", "test", "validate", "verify"),
    "docs": ("page", "doc", "html", "print"),
    "check": ("lint", "test", "validate", "verify"),
    "show": ("view", "play", "draw", "plot", "example", "info"),
}
"""Verb of a group (``rules``, ``narrative``) -> what others call it."""


def hint(word: str, known: Sequence[str], synonyms: dict[str, tuple[str, ...]]) -> str:
    """Return what a word may have meant: our own word for it, else the nearest known one."""
    meant = [own for own, others in synonyms.items() if word.lower() in others and own in known]
    if meant:
        return f"did you mean {' or '.join(repr(own) for own in meant[:2])}?"
    return did_you_mean(word, known)
