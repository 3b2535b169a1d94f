from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mplus.administration import MplusAdministration
from tests.connectors.mplus.till import SECRET, SHOP


def test_the_endpoint_has_ident_and_secret_and_prints_without_them() -> None:
    endpoint = SHOP.endpoint()
    assert dict(httpx.URL(endpoint).params) == {"ident": "winkel 1", "secret": SECRET}
    assert endpoint.raw_path == b"/?ident=winkel%201&secret=s3cr%26t%2F%20%26%2Bp%C3%A4ssword"
    assert str(endpoint) == "https://api.mplus.test:4711/"
    assert repr(endpoint) == "URL('https://api.mplus.test:4711/')"
    assert SECRET not in repr(SHOP)


def test_a_path_of_the_address_is_kept() -> None:
    endpoint = MplusAdministration("http://till.local/mplus", "a", "b").endpoint()
    assert endpoint.raw_path == b"/mplus/?ident=a&secret=b"


@pytest.mark.parametrize(
    "url",
    [
        "", "api.mpluskassa.nl:4711", "ftp://x/", "https://", "https://x:99999/", "https://x:port/", "https://x/?a=b",
        "https://x/#f", "https://[x/",
    ],
)  # fmt: skip
def test_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="api_url of Mplus is like"):
        MplusAdministration(url, "ident", "secret")


@pytest.mark.parametrize(("ident", "secret"), [("", "secret"), ("ident", "")])
def test_no_login(ident: str, secret: str) -> None:
    with pytest.raises(ValueError, match="not empty"):
        MplusAdministration("https://x:1/", ident, secret)


@pytest.mark.parametrize(
    "text",
    [
        SECRET, "s3cr%26t%2F%20%26%2Bp%C3%A4ssword", "s3cr%26t%2F+%26%2Bp%C3%A4ssword", "s3cr&amp;t/ &amp;+pässword",
        "GET /?ident=x&Secret=another",
    ],
)  # fmt: skip
def test_scrubbing_knows_every_spelling(text: str) -> None:
    scrubbed = SHOP.scrub(f"before {text} after")
    assert scrubbed.startswith("before ")
    assert scrubbed.endswith("*** after")
    assert "ssword" not in scrubbed
    assert "another" not in scrubbed


def test_replies_are_scrubbed() -> None:
    assert SHOP.scrub_bytes(f"<a>{SECRET}</a>".encode()) == b"<a>***</a>"
    assert SHOP.scrub_bytes(b"<a>plain</a>") == b"<a>plain</a>"


@given(st.text(min_size=4), st.text(), st.text())
def test_nothing_of_a_secret_is_left(secret: str, before: str, after: str) -> None:
    shop = MplusAdministration("https://x:1/", "ident", secret)
    scrubbed = shop.scrub(before + secret + after)
    assert secret not in scrubbed.replace("***", "") or secret in "***"


def test_a_very_short_secret_blots_out_no_text() -> None:
    shop = MplusAdministration("https://x:1/", "ident", "a")
    assert shop.scrub("a banana, secret=a") == "a banana, secret=***"
    assert shop.scrub_bytes(b"banana") == b"banana"
