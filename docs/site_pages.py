"""Hook of the site: notebooks become pages, with the outputs that are stored in them."""

from __future__ import annotations

import base64
import json
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def on_files(files: Files, config: Any) -> Files:
    """Add one page a notebook, and one image a picture in it."""
    for path in NOTEBOOKS:
        text, images = page_of(path)
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=text))
        for name, content in images.items():
            files.append(File.generated(config, f"notebooks/{name}", content=content))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Lead links to notebooks to their pages, and write the names of code blocks as the site reads them."""
    here = posixpath.dirname(page.file.src_uri)

    def link(found: re.Match[str]) -> str:
        where = posixpath.normpath(posixpath.join("docs", here, found[1]))
        if where.startswith("notebooks/"):
            return f"]({posixpath.relpath(where.removesuffix('ipynb') + 'md', here or '.')})"
        return found[0]

    markdown = re.sub(r"^```python notest$", "```python", markdown, flags=re.MULTILINE)
    markdown = re.sub(r"^```(\w+) ([\w.-]+)$", r'```\1 title="\2"', markdown, flags=re.MULTILINE)
    return re.sub(r"\]\(([^)\s:]+\.ipynb)\)", link, markdown)


def on_post_build(config: Any) -> None:
    """Take the addresses of other hosts out of the theme's scripts."""
    for path in Path(config.site_dir, "assets").rglob("*.js"):
        script = path.read_text(encoding="utf-8")
        if "https://unpkg.com/" in script:
            path.write_text(script.replace("https://unpkg.com/", "data:,"), encoding="utf-8")


def page_of(path: Path) -> tuple[str, dict[str, bytes]]:
    """Return a notebook as Markdown, and its pictures by name."""
    parts: list[str] = []
    images: dict[str, bytes] = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        for output in cell["outputs"]:
            data = output.get("data", {})
            if "image/png" in data:
                name = f"{path.stem}-{len(images)}.png"
                images[name] = base64.b64decode("".join(data["image/png"]))
                parts.append(f"![What the cell above draws]({name})")
            elif "text/html" in data:
                html = re.sub(r"<style.*?</style>", "", "".join(data["text/html"]), flags=re.DOTALL)
                parts.append(re.sub(r"\n\s*", "\n", html).strip())
            else:
                parts.append(f"```text\n{''.join(data.get('text/plain', output.get('text', '')))}\n```")
    return "\n\n".join(parts) + "\n", images
