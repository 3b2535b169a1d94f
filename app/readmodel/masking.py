"""Raw answers fit to be looked at: personal data masked, secrets gone, size bounded.

What cannot be read as JSON or XML is not shown at all: without fields there is no telling what is personal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from lxml import etree

from app.readmodel.personal_fields import Field, Verdict
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
_BEARER_SHORTEST = len("basic 12345678")
_UNBROKEN = re.compile(r"\S{200,}")
_UNBROKEN_SHORTEST = 200


def scrubbed(text: str) -> str:
    """Free text without e-mail addresses and credentials: for sentences that quote a vendor."""
    if "@" in text:
        text = _MAIL.sub(lambda found: _mail(found.group()), text)
    if "=" in text:
        text = _SECRET_IN_TEXT.sub(lambda found: f"{found.group(1)}={HIDDEN}", text)
    if len(text) < _BEARER_SHORTEST:
        return text
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
    """One body: what was found to be personal is masked wherever else it appears in it.

    Most texts of a body are numbers and codes, the same again and again, and hardly one of them names a person: each
    different one is looked at once, and only for the personal values that are somewhere in them.
    """

    def __init__(self) -> None:
        self._found: set[str] = set()
        self._plain: dict[str, str] = {}

    def collect(self, value: str) -> str:
        """Remembers a personal value and gives it back (pass one)."""
        found = value.strip()
        if len(self._found) < COLLECTED and 4 <= len(found) <= 200:
            self._found.add(found)
            self._found.update(word for word in found.split() if len(word) >= 5 and word.isalpha())
        return value

    def hear(self, value: str) -> str:
        """Remembers any other value and gives it back (pass one)."""
        self._plain[value] = ""
        return value

    def ready(self) -> None:
        """All are collected: pass two may begin."""
        whole = {value for value in self._plain if _is_body(value)}
        texts = {value: _decent(value) for value in self._plain if value not in whole}
        others = self._others(texts.values())
        if others is not None:
            texts = {
                value: others.sub(lambda found: hidden(found.group()), text) for value, text in texts.items()
            }
        self._plain = texts | {value: _shown_within(value) for value in whole}

    def _others(self, texts: Iterable[str]) -> re.Pattern[str] | None:
        """Finds the personal values that are in these texts; None: none is."""
        everything = _same_for_any_case("\n".join(texts))
        there = [value for value in self._found if _same_for_any_case(value) in everything]
        if not there:
            return None
        longest_first = sorted(there, key=len, reverse=True)
        return re.compile("|".join(re.escape(value) for value in longest_first), re.IGNORECASE)

    def personal(self, value: str) -> str:
        return hidden(value)

    def plain(self, value: str) -> str:
        """Any other value: free text may hold what is personal or secret all the same (pass two)."""
        return self._plain[value]


def _same_for_any_case(text: str) -> str:
    """Equal for all that `re.IGNORECASE` takes for equal (a few letters have more than two forms: `s` has three)."""
    return text.replace("\u0130", "i").lower().upper()


def _is_body(value: str) -> bool:
    stripped = value.lstrip()
    return len(stripped) > 2 and stripped[0] in "{[<"


def _shown_within(value: str) -> str:
    """A value that is a body of its own."""
    stripped = value.lstrip()
    return shown_body(stripped.encode(errors="replace")) if len(stripped) < READ_BYTES // 4 else HIDDEN


def _decent(value: str) -> str:
    """A text without what is secret or personal by its form, and not too long."""
    if len(value) > LONGEST_VALUE:
        value = f"{value[:LONGEST_VALUE]}... ({len(value):,} characters)"
    value = scrubbed(value)
    if len(value) < _UNBROKEN_SHORTEST:
        return value
    return _UNBROKEN.sub(lambda found: f"({len(found.group()):,} characters, not shown)", value)


# -- JSON

_Change = Callable[[str], str]
_ROOT = Field()


def _json(text: bytes) -> str | None:
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return None
    mask = _Mask()
    _walk_json(tree, _ROOT, 0, mask.collect, mask.hear)
    mask.ready()
    tree = _walk_json(tree, _ROOT, 0, mask.personal, mask.plain)
    return _indented(json.dumps(tree, ensure_ascii=False).encode(errors="replace"))


def _indented(text: bytes) -> str:
    try:
        return msgspec.json.format(text, indent=2).decode()
    except (msgspec.DecodeError, RecursionError):  # NaN and its like, which Python takes for JSON
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)


def _walk_json(node: Any, field: Field, depth: int, personal: _Change, plain: _Change) -> Any:
    if depth > DEEPEST:
        return "(deeper than is shown)"
    verdict = field.verdict
    if verdict == "secret":
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
    if verdict == "personal":
        return personal(str(node))
    return plain(node) if isinstance(node, str) else node


# -- XML


def parsed(text: bytes) -> Any:
    """The root of a whole XML document without entities of its own making (no vendor sends any); None: it is none."""
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
    return None if tree.getroottree().docinfo.internalDTD is not None else tree


def _xml(text: bytes) -> str | None:
    tree = parsed(text)
    if tree is None:
        return None
    mask = _Mask()
    texts: list[_Text] = []
    _walk_xml(tree, _ROOT.below(tree.tag), 0, mask, texts)
    mask.ready()
    for one in texts:
        _put(one, mask)
    etree.indent(tree, "  ")
    return etree.tostring(tree, encoding="unicode")


_OWN, _BEHIND = "", " "
"""The text in an element and the one after it; no attribute has such a name."""
_Text = tuple[Any, str, Verdict, str]
"""A text of a document: the element, which of its texts (_OWN, _BEHIND, an attribute's name), and the text itself."""


def _walk_xml(node: Any, field: Field, depth: int, mask: _Mask, texts: list[_Text]) -> None:
    """Finds the texts, tells the mask of them, and takes out what is below a secret or too deep."""
    verdict = field.verdict
    hear = mask.hear if verdict == "plain" else mask.collect
    if depth > DEEPEST or verdict == "secret":
        mask.collect("".join(node.itertext()))
        for child in list(node):
            node.remove(child)
        node.text = HIDDEN if verdict == "secret" else "(deeper than is shown)"
    else:
        text = node.text
        if text and not text.isspace():
            texts.append((node, _OWN, verdict, hear(text)))
    for key, value in node.items():
        own = field.below(key).verdict
        texts.append((node, key, own, mask.hear(value) if own == "plain" else mask.collect(value)))
    for child in node:
        _walk_xml(child, field.below(child.tag), depth + 1, mask, texts)
        tail = child.tail
        if tail and not tail.isspace():
            texts.append((child, _BEHIND, verdict, hear(tail)))


def _put(text: _Text, mask: _Mask) -> None:
    node, which, verdict, value = text
    shown = HIDDEN
    if verdict != "secret":
        shown = mask.personal(value) if verdict == "personal" else mask.plain(value)
    if which == _OWN:
        if shown != value:  # most may stay
            node.text = shown
    elif which == _BEHIND:
        node.tail = shown
    else:
        node.set(which, shown)
