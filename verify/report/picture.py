"""Pictures from outside: an SVG becomes an image that can neither run nor load anything.

A picture comes from a spec file, so it is treated as foreign: it must be well-formed, is refused
with scripts, handlers or references to the outside, and goes into the page as a data URI, where a
browser gives it no access to the page.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from xml.etree import ElementTree

NAMESPACE = "http://www.w3.org/2000/svg"
LARGEST = 2_000_000  # characters
_FORBIDDEN = {"script", "foreignobject", "iframe", "object", "embed", "audio", "video", "handler"}
_OUTSIDE = re.compile(r"url\(\s*['\"]?(?!#|['\"\s#])|@import|expression\(", re.IGNORECASE)


def image(svg: str) -> tuple[str, str]:
    """A data URI for an SVG and nothing, or nothing and why it is left out."""
    text = svg.strip()
    problem = next(_problems(text), "")
    if problem:
        return "", problem
    if NAMESPACE not in text.partition(">")[0]:
        text = f'<svg xmlns="{NAMESPACE}"{text[len("<svg") :]}'
    return f"data:image/svg+xml;base64,{b64encode(text.encode()).decode()}", ""


def _problems(text: str) -> Iterator[str]:
    if len(text) > LARGEST:
        yield f"it is larger than {LARGEST:,} characters"
    if not re.match(r"<svg[\s>]", text):
        yield "it does not begin with <svg"
    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper() or "<?XML-" in text.upper():
        yield "it declares a document type or a style sheet"
        return
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        yield f"it is not well-formed: {error}"
        return
    for element in root.iter():
        name = _local(element.tag)
        if name in _FORBIDDEN:
            yield f"it has an element <{name}>"
        if name == "style" and _OUTSIDE.search(element.text or ""):
            yield "its style refers to something outside"
        for key, value in element.attrib.items():
            yield from _attribute(_local(key), value)


def _attribute(name: str, value: str) -> Iterator[str]:
    if name.startswith("on"):
        yield f"it has a handler {name}"
    if name in ("href", "src") and not value.startswith(
        ("#", "data:image/png;", "data:image/jpeg;")
    ):
        yield "it refers to something outside"
    if _OUTSIDE.search(value):
        yield "it refers to something outside"


def _local(name: str) -> str:
    return name.rpartition("}")[2].rpartition(":")[2].lower()
