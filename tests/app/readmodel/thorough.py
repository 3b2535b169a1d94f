"""The rules of masking with nothing that makes them fast: every field worked out anew, every text searched for every
personal value. What app/readmodel/masking.py shows must be the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from lxml import etree

from app.readmodel import masking, personal_fields
from app.readmodel.masking import DEEPEST, HIDDEN, LONGEST_VALUE, READ_BYTES, SHOWN_CHARACTERS, hidden
from app.readmodel.personal_fields import Field, bare

Change = Callable[[str], str]


def scrubbed(text: str) -> str:
    """Free text without e-mail addresses and credentials."""
    text = masking._MAIL.sub(lambda found: masking._mail(found.group()), text)
    text = masking._SECRET_IN_TEXT.sub(lambda found: f"{found.group(1)}={HIDDEN}", text)
    return masking._BEARER.sub(lambda found: f"{found.group(1)} {HIDDEN}", text)


def below(field: Field, name: str) -> Field:
    """The field of this name inside that one, made anew."""
    within = field.within
    if personal_fields._GROUP.search(field.name):
        within = within or "person"
    elif field.verdict == "personal":
        within = "detail"
    return Field(bare(name), field.name or field.above, within)


def shown(body: bytes) -> str:
    """As `shown_body` of a body that is not empty."""
    text = body.strip().removeprefix(b"\xef\xbb\xbf")
    if len(text) > READ_BYTES:
        return f"({len(text):,} bytes: too large to show here)"
    made = _json(text) if text[:1] in b"{[" else _xml(text) if text[:1] == b"<" else None
    if made is None:
        return f"({len(text):,} bytes, neither whole JSON nor whole XML: what is personal in it is unknown)"
    if len(made) > SHOWN_CHARACTERS:
        cut = made[:SHOWN_CHARACTERS].rpartition("\n")[0] or made[:SHOWN_CHARACTERS]
        return f"{cut}\n... ({len(made) - len(cut):,} more characters)"
    return made


class Mask:
    """What was found to be personal is masked wherever else it appears."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self.others: re.Pattern[str] | None = None

    def collect(self, value: str) -> str:
        """Pass one."""
        found = value.strip()
        if len(self.found) < masking.COLLECTED and 4 <= len(found) <= 200:
            self.found.add(found)
            self.found.update(word for word in found.split() if len(word) >= 5 and word.isalpha())
        return value

    def ready(self) -> None:
        """Between the passes."""
        if self.found:
            words = sorted(self.found, key=len, reverse=True)
            self.others = re.compile("|".join(re.escape(value) for value in words), re.IGNORECASE)

    def plain(self, value: str) -> str:
        """Pass two."""
        stripped = value.lstrip()
        if stripped[:1] in ("{", "[", "<") and len(stripped) > 2:
            return shown(stripped.encode(errors="replace")) if len(stripped) < READ_BYTES // 4 else HIDDEN
        if len(value) > LONGEST_VALUE:
            value = f"{value[:LONGEST_VALUE]}... ({len(value):,} characters)"
        value = re.sub(
            r"\S{200,}", lambda found: f"({len(found.group()):,} characters, not shown)", scrubbed(value)
        )
        return self.others.sub(lambda found: hidden(found.group()), value) if self.others else value


def _json(text: bytes) -> str | None:
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return None
    mask = Mask()
    _walk_json(tree, Field(), 0, mask.collect, str)
    mask.ready()
    tree = _walk_json(tree, Field(), 0, hidden, mask.plain)
    return json.dumps(tree, indent=2, ensure_ascii=False).encode(errors="replace").decode()


def _walk_json(node: Any, field: Field, depth: int, personal: Change, plain: Change) -> Any:
    if depth > DEEPEST:
        return "(deeper than is shown)"
    if field.verdict == "secret":
        for one in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            _walk_json(one, field, depth + 1, personal, plain)
        personal(str(node))
        return HIDDEN
    if isinstance(node, dict):
        return {
            scrubbed(key)[:LONGEST_VALUE]: _walk_json(value, below(field, key), depth + 1, personal, plain)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_walk_json(one, field, depth + 1, personal, plain) for one in node]
    if node is None or isinstance(node, bool):
        return node
    if field.verdict == "personal":
        return personal(str(node))
    return plain(node) if isinstance(node, str) else node


def _xml(text: bytes) -> str | None:
    tree = masking.parsed(text)
    if tree is None:
        return None
    mask = Mask()
    _walk_xml(tree, Field(bare(tree.tag)), 0, mask.collect, str)
    mask.ready()
    _walk_xml(tree, Field(bare(tree.tag)), 0, hidden, mask.plain)
    etree.indent(tree, "  ")
    return etree.tostring(tree, encoding="unicode")


def _walk_xml(node: Any, field: Field, depth: int, personal: Change, plain: Change) -> None:
    def changed(value: str, at: Field) -> str:
        if at.verdict == "secret":
            personal(value)
            return HIDDEN
        return personal(value) if at.verdict == "personal" else plain(value)

    if depth > DEEPEST or field.verdict == "secret":
        personal("".join(node.itertext()))
        for child in list(node):
            node.remove(child)
        node.text = HIDDEN if field.verdict == "secret" else "(deeper than is shown)"
    elif node.text and node.text.strip():
        node.text = changed(node.text, field)
    for key, value in list(node.attrib.items()):
        node.set(key, changed(value, below(field, key)))
    for child in node:
        _walk_xml(child, below(field, child.tag), depth + 1, personal, plain)
        if child.tail and child.tail.strip():
            child.tail = changed(child.tail, field)
