"""What the parts of the settings are made of: kinds of values with their bounds."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, Strict

MONTH = 31 * 24 * 3600.0


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not re.fullmatch(r"[!-~]+", value):
        raise ValueError("write a web address like https://example.nl (http:// only on your own network)")
    if parts.query or parts.fragment or parts.username is not None or "?" in value:
        raise ValueError("write the bare address: no login, no ?..., no #... (they may hold a secret)")
    return value.rstrip("/")


def _filled(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty; fill it in")
    return value.strip()


def fitting(pattern: str, words: str) -> AfterValidator:
    """A text of this form (a regular expression, of ASCII); `words`: what to write otherwise."""

    def check(value: str) -> str:
        if re.fullmatch(pattern, value, re.ASCII):
            return value
        raise ValueError(words)

    return AfterValidator(check)


Address = Annotated[str, AfterValidator(_web_address)]
Whole = Annotated[int, Strict()]
"""A number is a number: neither `true` nor `"8"` is taken for one."""
Span = Annotated[float, Strict()]
"""Seconds."""
Password = Annotated[SecretStr, Field(min_length=1)]
Branch = Annotated[int, Strict(), Field(ge=0)]
Code = Annotated[int, Strict(), Field(ge=0, le=2**31 - 1)]
"""A number of the shop's own: an employee, an order category, a VAT code (xsd:int)."""
Article = Annotated[int, Strict(), Field(ge=1, le=10**15 - 1)]
Relation = Annotated[int, Strict(), Field(ge=1, le=10**15 - 1)]
"""xsd:long; both begin at 1."""
Switch = Annotated[bool, Strict()]
Filled = Annotated[str, Field(max_length=100), AfterValidator(_filled)]
Expression = Annotated[str, Field(max_length=4000), AfterValidator(_filled)]
"""In JSONata (docs/decisions/0010-expressions.md)."""


class Part(BaseModel):
    """A part of the settings: no key that is not named in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
