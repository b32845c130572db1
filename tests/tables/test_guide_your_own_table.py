"""The guide on a user's own table does what it says: every file and command of the page, in order."""

from pathlib import Path

import test_guide_rules as guide

PAGE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "your-own-table.md"
VERBS = ("finsim new schema", "finsim plan", "finsim check", "--repair -o")


def test_everything_on_the_page_is_as_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    ran, code = [], 0
    for kind, name, text in guide.BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind in ("csv", "yaml"):
            Path(name).write_text(text, encoding="utf-8")
            continue
        assert kind == "console", f"a block of no kind: {text[:40]}"
        for command, shown in guide.commands(text):
            if command == "echo $?":
                assert shown == [str(code)]
                continue
            if command.startswith("cat "):
                printed = Path(command[4:]).read_text(encoding="utf-8").splitlines()
            else:
                code, printed = guide.run(command, capsys)
            assert guide.agrees(shown, printed), "\n".join([command, *printed])
            ran.append(command)
    assert [verb for verb in VERBS if not any(verb in command for command in ran)] == []


def test_untouched_bytes_of_the_page_stay(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = {
        name: text for kind, name, text in guide.BLOCK.findall(PAGE.read_text(encoding="utf-8")) if name
    }
    table = blocks["rechnungen.csv"].replace("\n", "\r\n").encode("cp1252")
    Path("rechnungen.csv").write_bytes(table)
    Path("rechnungen.rules.yaml").write_text(blocks["rechnungen.rules.yaml"])
    guide.run("finsim new schema rechnungen.csv -o rechnungen.schema.yaml", capsys)
    assert "encoding: cp1252" in Path("rechnungen.schema.yaml").read_text().replace('"', "")
    words = "--rules rechnungen.rules.yaml --schema rechnungen.schema.yaml --repair -o gut.csv"
    assert guide.run(f"finsim check rechnungen.csv {words}", capsys)[0] == 0
    kept = [line for line in table.split(b"\r\n") if not line.startswith(b"INV-2")]
    wanted = (
        b"\r\n".join(kept).replace(b"18,00;", b"16,00;").replace(b"100,00;EUR;bezahlt", b"100,00;EUR;offen")
    )
    assert Path("gut.csv").read_bytes() == wanted
