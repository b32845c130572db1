"""Drawings as the page may hold them: known elements and attributes alone, text of users only as text."""

from __future__ import annotations

import hashlib
import re
import xml.etree.ElementTree as ET

ELEMENTS = frozenset(
    {"svg", "g", "path", "text", "tspan", "use", "defs", "rect", "clipPath", "circle", "line"}
)
ATTRIBUTES = frozenset(
    {
        "aria-hidden", "aria-label", "class", "clip-path", "cx", "cy", "d", "fill", "height", "href", "id",
        "opacity", "r", "role", "stroke", "stroke-dasharray", "stroke-width", "style", "transform", "viewBox",
        "width", "x", "x1", "x2", "y", "y1", "y2",
    }
)  # fmt: skip
PROPERTIES = frozenset(
    {
        "color", "fill", "fill-opacity", "fill-rule", "font-size", "font-style", "font-weight", "max-width",
        "opacity", "stroke", "stroke-dasharray", "stroke-dashoffset", "stroke-linecap", "stroke-linejoin",
        "stroke-miterlimit", "stroke-opacity", "stroke-width", "text-anchor", "white-space",
    }
)  # fmt: skip
_ID = re.compile(r"[A-Za-z0-9-]+")
_OWN = re.compile(r"#[A-Za-z0-9-]+")
_OUTSIDE = re.compile(r"url\((?!#[A-Za-z0-9-]+\))", re.IGNORECASE)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def slug(text: str) -> str:
    """Return a text as an id: letters, digits and dashes; two texts that look alike there get a hash each."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")
    if re.fullmatch(r"[A-Za-z0-9 _:-]+", text) and plain:
        return plain
    return f"{plain[:40]}-{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:8]}".lstrip("-")


def readable(text: str) -> str:
    """Return a text with the characters that XML has no place for replaced, so that it can be drawn."""
    return _NOT_XML.sub("\ufffd", text)


def checked(drawing: str) -> str:
    """Return a drawing as it is; raises ValueError when it holds what no drawing of the page holds."""
    try:
        root = ET.fromstring(drawing)
    except ET.ParseError as bad:
        raise ValueError(f"a drawing that is no XML ({bad})") from None
    for element in root.iter():
        if element.tag not in ELEMENTS:
            raise ValueError(f"a drawing with an element {element.tag[:40]!r}")
        for name, value in element.attrib.items():
            _check(name, value)
    return drawing


def _check(name: str, value: str) -> None:
    is_known = name in ATTRIBUTES and not _OUTSIDE.search(value)
    is_known &= name != "id" or _ID.fullmatch(value) is not None
    is_known &= name != "href" or _OWN.fullmatch(value) is not None
    if name == "style":
        properties = {part.partition(":")[0].strip() for part in value.split(";") if part.strip()}
        is_known &= properties <= PROPERTIES
    if not is_known:
        raise ValueError(f"a drawing with the attribute {name[:40]}={value[:60]!r}")
