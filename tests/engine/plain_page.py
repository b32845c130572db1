"""A page of one line, for tests that finish many runs: drawing a whole one takes two seconds."""

from pathlib import Path
from typing import Any

from finsim.catalog import Catalog, Entry

PAGES = Catalog("page", {"html": Entry("plain_page:write", "a page of one line")})


def write(run: Path, manifest: Any) -> Path:
    page = Path(run) / "report.html"
    page.write_text("<p>page</p>")
    return page
