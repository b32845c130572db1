"""The guide on rules does what it says: every file, command and Python block of the page, in order."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from finsim.cli.main import main

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "guide" / "rules.md"
BLOCK = re.compile(r"^```(\w*) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
VERBS = ("finsim check", "finsim rules lint", "finsim rules docs", "--explain", "--repair -o")


def commands(text):
    """Return each command of a console block with the lines that it prints."""
    found = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line.rstrip())
    return found


def run(command, capsys):
    """Run one command line in this process; return its exit code and what it printed."""
    words = shlex.split(command)
    if words[0] == "sed":
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
        return done.returncode, [line.rstrip() for line in (done.stdout + done.stderr).splitlines()]
    assert words[0] == "finsim"
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(words[1:])
    said = capsys.readouterr()
    return stop.value.code, [line.rstrip() for line in (said.out + said.err).splitlines()]


def agrees(shown, printed):
    """Whether printed lines are those shown, where ``...`` stands for any lines."""
    if not shown:
        return not printed
    if shown[0] == "...":
        return any(agrees(shown[1:], printed[at:]) for at in range(len(printed) + 1))
    return bool(printed) and shown[0] == printed[0] and agrees(shown[1:], printed[1:])


def test_everything_on_the_page_is_as_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names, ran, code = {}, [], 0
    for kind, name, text in BLOCK.findall(GUIDE.read_text(encoding="utf-8")):
        if kind in ("csv", "yaml"):
            Path(name).write_text(text)
        elif kind == "python":
            exec(compile(text, str(GUIDE), "exec"), names)  # noqa: S102 our own page
        else:
            assert kind == "console", f"a block of no kind: {text[:40]}"
            for command, shown in commands(text):
                if command == "echo $?":
                    assert shown == [str(code)]
                    continue
                code, printed = run(command, capsys)
                assert agrees(shown, printed), "\n".join([command, *printed])
                ran.append(command)
    assert [verb for verb in VERBS if not any(verb in command for command in ran)] == []
    assert Path("mine.md").read_text().startswith("# mine")


def test_files_of_the_page_are_named_and_are_yaml():
    blocks = BLOCK.findall(GUIDE.read_text(encoding="utf-8"))
    files = [(kind, name, text) for kind, name, text in blocks if kind in ("csv", "yaml")]
    assert len({name for _, name, _ in files}) == len(files) == 6
    assert all(yaml.safe_load(text) for kind, _, text in files if kind == "yaml")


@pytest.mark.parametrize(
    ("shown", "printed", "fits"),
    [
        ("a b", "a b", True), ("a", "a b", False), ("a ...", "a b c", True), ("... c", "a b c", True),
        ("", "a", False), ("... d", "a b", False), ("a ... d", "a b c d", True), ("a ...", "b", False),
    ],
)  # fmt: skip
def test_the_comparison_itself(shown, printed, fits):
    assert agrees(shown.split(), printed.split()) is fits
