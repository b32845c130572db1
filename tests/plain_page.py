"""A page of one line instead of the drawn one, which takes three quarters of a small run.

The border of the page keeps every fault of a drawing away from the run, so only a test that reads the page
can see one: these ask for ``whole_pages``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from finsim.catalog import Catalog, Entry

PAGES = Catalog("page", {"html": Entry("plain_page:write", "a page of one line")})


def write(run: Path, manifest: Any) -> Path:
    page = Path(run) / "report.html"
    page.write_text("<p>page</p>")
    return page


@contextmanager
def plain_pages() -> Iterator[None]:
    """Let the runs of this process have a page of one line."""
    from finsim.engine import run_completion  # most tests need no engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_completion, "PAGES", PAGES)
        yield


@contextmanager
def whole_pages() -> Iterator[None]:
    """Let them have the product's page again."""
    from finsim.engine import run_completion

    with pytest.MonkeyPatch.context() as patch:
        drawn = Entry("finsim.report.page:write_report", "one self-contained page")
        patch.setattr(run_completion, "PAGES", Catalog("page", {"html": drawn}))
        yield
