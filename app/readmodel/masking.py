"""Raw answers fit to be looked at: personal data masked, secrets gone, size bounded.

What cannot be read as JSON or XML is not shown at all: without fields there is no telling what is personal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from lxml import etree

from app.readmodel.personal_fields import Field, bare
from streams.vocabulary.activity import masked

READ_BYTES = 512 * 1024
"""Bodies beyond this are not parsed: pages of a whole catalogue, which nobody reads here."""
SHOWN_CHARACTERS = 16_000
DEEPEST = 60
LONGEST_VALUE = 2_000
COLLECTED = 200
"""Personal values whose other appearances in the same body are masked too."""

HIDDEN = "(hidden)"

_MAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_SECRET_IN_TEXT = re.compile(
    r"(?i)\b(secret|ident|password|token|access_token|client_secret|api_?key)=[^&\s\"'<>]+"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_UNBROKEN = re.compile(r"\S{200,}")


def scrubbed(text: str) -> str:
    """Free text without e-mail addresses and credentials: for sentences that quote a vendor."""
    if "@" in text:
        text = _MAIL.sub(lambda found: _mail(found.group()), text)
    if "=" in text:
        text = _SECRET_IN_TEXT.sub(lambda found: f"{found.group(1)}={HIDDEN}", text)
    return _BEARER.sub(lambda found: f"{found.group(1)} {HIDDEN}", text)


def shown_body(body: bytes | None) -> str:
    """A body as a page may show it: indented JSON or XML, masked, at most SHOWN_CHARACTERS long."""
    if body is None:
        return "(no body)"
    text = body.strip().removeprefix(b"\xef\xbb\xbf")
    if not text:
        return "(empty body)"
    if len(text) > READ_BYTES:
        return f"({len(text):,} bytes: too large to show here)"
    shown = None
    if text[:1] in b"{[":
        shown = _json(text)
    elif text[:1] == b"<":
        shown = _xml(text)
    if shown is None:
        return f"({len(text):,} bytes, neither whole JSON nor whole XML: what is personal in it is unknown)"
    if len(shown) > SHOWN_CHARACTERS:
        cut = shown[:SHOWN_CHARACTERS].rpartition("\n")[0] or shown[:SHOWN_CHARACTERS]
        return f"{cut}\n... ({len(shown) - len(cut):,} more characters)"
    return shown


def hidden(text: str) -> str:
    """A personal value: the first letter of a longer word may stay, numbers and short words never do."""
    text = text.strip()
    if not text:
        return ""
    if "@" in text:
        return _mail(text)
    words = text.split()[:8]
    return " ".join("***" if len(word) < 3 or not word.isalpha() else masked(word) for word in words)


def _mail(text: str) -> str:
    """Bol's relay addresses keep their domain, which is nobody's; another domain can be a surname."""
    return "***@verkopen.bol.com" if text.lower().endswith("@verkopen.bol.com") else "***@***"


class _Mask:
    """One body: what was found to be personal is masked wherever else it appears in it."""

    def __init__(self) -> None:
        self._found: set[str] = set()
        self._others: re.Pattern[str] | None = None

    def collect(self, value: str) -> str:
        """Remembers a personal value and gives it back (pass one)."""
        found = value.strip()
        if len(self._found) < COLLECTED and 4 <= len(found) <= 200:
            self._found.add(found)
            self._found.update(word for word in found.split() if len(word) >= 5 and word.isalpha())
        return value

    def ready(self) -> None:
        """All are collected: pass two may begin."""
        if self._found:
            longest_first = sorted(self._found, key=len, reverse=True)
            self._others = re.compile("|".join(re.escape(value) for value in longest_first), re.IGNORECASE)

    def personal(self, value: str) -> str:
        return hidden(value)

    def plain(self, value: str) -> str:
        """Any other value: free text may hold what is personal or secret all the same."""
        stripped = value.lstrip()
        if stripped[:1] in ("{", "[", "<") and len(stripped) > 2:
            return (
                shown_body(stripped.encode(errors="replace")) if len(stripped) < READ_BYTES // 4 else HIDDEN
            )
        if len(value) > LONGEST_VALUE:
            value = f"{value[:LONGEST_VALUE]}... ({len(value):,} characters)"
        value = _UNBROKEN.sub(
            lambda found: f"({len(found.group()):,} characters, not shown)", scrubbed(value)
        )
        if self._others is not None:
            value = self._others.sub(lambda found: hidden(found.group()), value)
        return value


# -- JSON

_Change = Callable[[str], str]


def _json(text: bytes) -> str | None:
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return None
    mask = _Mask()
    _walk_json(tree, Field(), 0, mask.collect, str)
    mask.ready()
    tree = _walk_json(tree, Field(), 0, mask.personal, mask.plain)
    return json.dumps(tree, indent=2, ensure_ascii=False).encode(errors="replace").decode()


def _walk_json(node: Any, field: Field, depth: int, personal: _Change, plain: _Change) -> Any:
    if depth > DEEPEST:
        return "(deeper than is shown)"
    if field.verdict == "secret":
        below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        for one in below:
            _walk_json(one, field, depth + 1, personal, plain)
        personal(str(node))
        return HIDDEN
    if isinstance(node, dict):
        return {
            scrubbed(key)[:LONGEST_VALUE]: _walk_json(value, field.below(key), depth + 1, personal, plain)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_walk_json(one, field, depth + 1, personal, plain) for one in node]
    if node is None or isinstance(node, bool):
        return node
    if field.verdict == "personal":
        return personal(str(node))
    return plain(node) if isinstance(node, str) else node


# -- XML


def _xml(text: bytes) -> str | None:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_blank_text=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        tree = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if tree.getroottree().docinfo.internalDTD is not None:
        return None  # entities of its own making: no vendor sends any
    mask = _Mask()
    _walk_xml(tree, Field(name=bare(tree.tag)), 0, mask.collect, str)
    mask.ready()
    _walk_xml(tree, Field(name=bare(tree.tag)), 0, mask.personal, mask.plain)
    etree.indent(tree, "  ")
    return etree.tostring(tree, encoding="unicode")


def _walk_xml(node: Any, field: Field, depth: int, personal: _Change, plain: _Change) -> None:
    if depth > DEEPEST or field.verdict == "secret":
        personal("".join(node.itertext()))
        for child in list(node):
            node.remove(child)
        node.text = HIDDEN if field.verdict == "secret" else "(deeper than is shown)"
    elif node.text and node.text.strip():
        node.text = _xml_value(node.text, field, personal, plain)
    for key, value in list(node.attrib.items()):
        node.set(key, _xml_value(value, field.below(key), personal, plain))
    for child in node:
        _walk_xml(child, field.below(child.tag), depth + 1, personal, plain)
        if child.tail and child.tail.strip():
            child.tail = _xml_value(child.tail, field, personal, plain)


def _xml_value(value: str, field: Field, personal: _Change, plain: _Change) -> str:
    if field.verdict == "secret":
        personal(value)
        return HIDDEN
    return personal(value) if field.verdict == "personal" else plain(value)
