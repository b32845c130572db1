"""Patterns and arguments of functions of text: what is refused when a pack loads, and with which advice."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from naive.rule_tables import pack

from finsim.constraints.checking.check import check
from finsim.constraints.language.text_patterns import MAX_STEPS, BadPattern, check_pattern, whole
from finsim.constraints.packs.ruleset import RuleSet
from finsim.errors import RuleError

REFUSED = {
    "[": "missing ]", "(": "missing )",
    "a)(b": "unexpected )", "a**": "bad repetition", "(?=a)b": "lookahead",
    "(?<!a)b": "lookbehind", r"(a)\1": "backreferences", r"\Qab": r"end \Q with \E", "a{1001}": "1,000 times",
    "((a{30}){30}){30}": "1,000 times", r"(\pL{30}){30}": "1,000 times", "a" * 1_001: "1,001 characters",
    "(abc){900}": "2,700 steps", "(?:[a-z]bcd|efgx){275}": "2,200 steps",
    "a{1000}b{1000}c": "2,001 steps",
    "*": "no argument",
}  # fmt: skip


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_is_refused(pattern):
    with pytest.raises(BadPattern) as caught:
        check_pattern(pattern)
    assert REFUSED[pattern] in f"{caught.value.found}; {caught.value.remedy}"
    assert caught.value.remedy


@pytest.mark.parametrize(
    "pattern",
    ["", "[A-Z]{2}[0-9]{2}", "(?i)iban.*", r"\d+(\.\d{2})?", "[]a]{3}", "[^]]", "[[:alpha:]]{4}", r"[\]a]{9}",
     r"\Qa{999}{999}\E", "a|b|", "(a{30}){30}",
     "{", "a{,3}", "a{1000}b{1000}", r"\x{1F600}", "(?s).*", r"\pL{50}"],
)  # fmt: skip
def test_what_is_a_pattern(pattern):
    check_pattern(pattern)
    assert pc.match_substring_regex(pa.array(["x"]), pattern=whole(pattern)).type == pa.bool_()


def test_the_bound_is_counted_as_repetitions_multiply():
    check_pattern(f"(ab){{{MAX_STEPS // 4}}}(cd){{{MAX_STEPS // 4}}}")
    with pytest.raises(BadPattern, match="2,001 steps"):
        check_pattern(f"(ab){{{MAX_STEPS // 4}}}(cd){{{MAX_STEPS // 4}}}e")


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("ab", "ab", True), ("ab", "xab", False), ("ab", "abx", False), ("a|ab", "ab", True),
        ("a$", "a\n", False),
        (".", "😀", True), (".", "e\u0301", False), (".", "\n", False), ("(?s).", "\n", True), ("", "", True),
        ("(?i)straße", "STRASSE", False), ("(?i)été", "ÉTÉ", True), (r"\d", "٣", False), (r"\pN", "٣", True),
        ("(a*)*b", "a" * 5_000, False),
    ],
)  # fmt: skip
def test_the_whole_text_must_match(pattern, text, fits):
    rules = RuleSet.parse(ONE.replace("PATTERN", pattern.replace("'", "''")))
    assert (check(pa.table({"c": [text]}), rules)["r"].violations == 0) is fits


ONE = """
finsim-rules: 1
pack: {id: one, version: "1"}
table: t
columns: {c: {type: cat}}
rules:
  - id: r
    check: matches(c, 'PATTERN')
"""

CALLS = {
    "length(x) > 1": "length takes text, not float", "upper(d) = 'X'": "upper takes text, not date",
    "starts_with(c, 3)": "starts_with takes text, not int", "matches(c, g)": "the pattern must be written",
    "matches(c)": "matches with 1 arguments", "lenght(c) > 1": "unknown function 'lenght'",
    "upper(c) > 'A'": "cannot order cat", "mod(a, 2) = 0": "cannot take the remainder of money USD with int",
    "mod(c, 2) = 0": "mod takes", "mod(f, 2) = 0": "mod takes", "length(c) = 'three'": "cannot compare",
    "matches(c, '[')": "is not a pattern",
    "unique(upper(c))": "unique takes columns", "hour(d) = 3": "takes ts, not date",
}  # fmt: skip


@pytest.mark.parametrize("text", CALLS)
def test_calls_that_do_not_fit_are_refused_with_a_remedy(text):
    with pytest.raises(RuleError) as caught:
        pack([text])
    (problem,) = caught.value.problems
    assert CALLS[text] in problem.found
    assert problem.remedy
