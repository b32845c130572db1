"""The page in a real browser: nothing is blocked or fetched, and it prints."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--enable-logging=stderr",
)  # fmt: skip
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")


def browse(run: Path, profile: Path, *options: str) -> subprocess.CompletedProcess[str]:
    url = (run / "report.html").resolve().as_uri()
    return subprocess.run(
        [str(BROWSER), *FLAGS, f"--user-data-dir={profile}", *options, url],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


def test_nothing_is_blocked_by_its_own_policy(run: Path, tmp_path: Path) -> None:
    done = browse(run, tmp_path / "profile", "--dump-dom")
    assert "finsim-report" in done.stdout
    assert not re.search(r"CONSOLE.*(Refused|violates|Error)", done.stderr)


def test_it_prints(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "page.pdf"
    browse(run, tmp_path / "profile", f"--print-to-pdf={file}", "--no-pdf-header-footer")
    pages = len(re.findall(rb"/Type\s*/Page[^s]", file.read_bytes()))
    assert 6 <= pages <= 30
