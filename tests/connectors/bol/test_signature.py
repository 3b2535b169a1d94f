"""Signatures of pushes: what Bol signed is believed, anything else is not; keys are asked for sparingly."""

from __future__ import annotations

import asyncio
import base64
from functools import cache

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from connectors.bol.executor import signature_keys
from connectors.bol.signature import LONGEST_HEADER, BadSignature, Signature, SignatureKeys, parse, public_key
from connectors.bol.wire import SignatureKey
from tests.connectors.bol.market import KEYS, Market, Time, odd, problem, told

BODY = (
    b'{"retailerId": 1234567, "timestamp": "2020-02-02T23:23:23+01:00", '
    b'"event": {"resource": "PROCESS_STATUS", "type": "SUCCESS", "resourceId": "1234567"}}'
)


@cache
def private(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def der(public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    return base64.b64encode(
        public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    ).decode()


def key(name: str) -> SignatureKey:
    return SignatureKey(id=name, public_key=der(private(name).public_key()))


def header(name: str = "0", body: bytes = BODY, signer: str | None = None) -> str:
    signature = private(signer or name).sign(body, padding.PKCS1v15(), hashes.SHA256())
    return f'keyId={name}, algorithm="rsa-sha256", signature={base64.b64encode(signature).decode()}'


class Bol:
    """Bol's key list."""

    def __init__(self, *names: str) -> None:
        self.time = Time()
        self.names: tuple[str, ...] | None = names
        self.asked = 0
        self.gate: asyncio.Event | None = None
        self.waiting = asyncio.Event()

    async def fetch(self) -> list[SignatureKey] | None:
        self.asked += 1
        self.waiting.set()
        if self.gate is not None:
            await self.gate.wait()
        return None if self.names is None else [key(name) for name in self.names]

    def keys(self) -> SignatureKeys:
        return SignatureKeys(self.fetch, self.time.clock)


# -- the header


@pytest.mark.parametrize(
    "text",
    [
        'keyId=0, algorithm="rsa-sha256", signature=aGk=',
        'keyId="0",algorithm="rsa-sha256",signature="aGk="',
        "signature=aGk=,keyId=0",
        "KEYID=0 , Algorithm=RSA-SHA256 , Signature=aGk=",
    ],
)
def test_a_header(text: str) -> None:
    assert parse(text) == Signature("0", b"hi")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no signature header"),
        ("x" * 5000, "too long"),
        ("signature=aGk=", "no keyId"),
        ("keyId=0", "no signature"),
        ("keyId=0, signature=", "no signature"),
        ('keyId=0, algorithm="hmac-sha256", signature=aGk=', "algorithm"),
        ("keyId=0, algorithm=none, signature=aGk=", "algorithm"),
        ("keyId=0, signature=a*b", "not base64"),
        ("keyId=0, signature=aG*k=", "not base64"),
        ("keyId=0, signature=aGk", "not base64"),
        ("keyId=0, signature=\u00e9", "not base64"),
    ],
)
def test_no_header(text: str, why: str) -> None:
    with pytest.raises(BadSignature, match=why):
        parse(text)


@given(st.text(max_size=200) | st.text(alphabet='keyIdsgnatur=", \t', max_size=200))
def test_any_header_is_read_or_refused(text: str) -> None:
    try:
        parsed = parse(text)
    except BadSignature:
        return
    assert isinstance(parsed.signature, bytes)


# -- keys


def test_keys_that_cannot_be_used() -> None:
    assert public_key(key("0")) is not None
    assert public_key(SignatureKey(id="0", public_key="")) is None
    assert public_key(SignatureKey(id="0", public_key="é")) is None
    assert public_key(SignatureKey(id="0", public_key="aGk=")) is None
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    assert public_key(SignatureKey(id="0", public_key=der(curve))) is None
    small = rsa.RSAPublicNumbers(65537, (1 << 511) + 111).public_key()
    assert public_key(SignatureKey(id="0", public_key=der(small))) is None


# -- verifying


async def test_what_bol_signed_is_believed() -> None:
    bol = Bol("0", "1")
    keys = bol.keys()
    for name in ("0", "1", "0"):
        await keys.verify(header(name), BODY)
    assert bol.asked == 1


@pytest.mark.parametrize(
    ("text", "body", "why"),
    [
        (lambda: header(body=b"another"), BODY, "does not fit"),
        (header, BODY + b" ", "does not fit"),
        (header, b"", "does not fit"),
        (lambda: header("0", signer="1"), BODY, "does not fit"),
        (lambda: "keyId=0, signature=aGk=", BODY, "does not fit"),
        (lambda: header("7"), BODY, "no key '7'"),
    ],
)
async def test_anything_else_is_not(text: object, body: bytes, why: str) -> None:
    assert callable(text)
    with pytest.raises(BadSignature, match=why) as told_here:
        await Bol("0", "1").keys().verify(text(), body)
    assert "1234567" not in str(told_here.value)


async def test_every_bit_of_body_and_signature_counts() -> None:
    keys = Bol("0").keys()
    good = base64.b64decode(header().rpartition("signature=")[2])
    for place in range(0, len(good) * 8, 37):
        bad = bytearray(good)
        bad[place // 8] ^= 1 << place % 8
        with pytest.raises(BadSignature):
            await keys.verify(f"keyId=0, signature={base64.b64encode(bad).decode()}", BODY)
    for place in range(0, len(BODY) * 8, 37):
        other = bytearray(BODY)
        other[place // 8] ^= 1 << place % 8
        with pytest.raises(BadSignature):
            await keys.verify(header(), bytes(other))


async def test_an_unknown_key_is_asked_after_once_a_minute() -> None:
    bol = Bol("0")
    keys = bol.keys()
    await keys.verify(header("0"), BODY)
    bol.names = ("0", "1")
    for _ in range(10):
        with pytest.raises(BadSignature):
            await keys.verify(header("1"), BODY)
    assert bol.asked == 1
    bol.time.go(60)
    await keys.verify(header("1"), BODY)
    await keys.verify(header("0"), BODY)
    assert bol.asked == 2


async def test_many_pushes_at_once_ask_once() -> None:
    bol = Bol("0")
    bol.gate = asyncio.Event()
    keys = bol.keys()
    pushes = [asyncio.create_task(keys.verify(header(), BODY)) for _ in range(20)]
    await bol.waiting.wait()
    bol.gate.set()
    await asyncio.gather(*pushes)
    assert bol.asked == 1


async def test_where_bol_cannot_be_asked_it_is_asked_again_in_a_while() -> None:
    bol = Bol("0")
    bol.names = None
    keys = bol.keys()
    for _ in range(10):
        with pytest.raises(BadSignature, match="no key '0'"):
            await keys.verify(header(), BODY)
    assert bol.asked == 1
    bol.time.go(5)
    bol.names = ("0",)
    await keys.verify(header(), BODY)


async def test_one_who_asks_and_is_given_up_leaves_nothing_locked() -> None:
    bol = Bol("0")
    bol.gate = asyncio.Event()
    keys = bol.keys()
    first = asyncio.create_task(keys.verify(header(), BODY))
    await bol.waiting.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    bol.gate = None
    with pytest.raises(BadSignature):
        await keys.verify(header(), BODY)
    bol.time.go(5)
    await keys.verify(header(), BODY)


async def test_a_key_that_bol_took_back_is_not_believed_for_ever() -> None:
    bol = Bol("0", "1")
    keys = bol.keys()
    await keys.verify(header("0"), BODY)
    bol.names = ("1",)
    bol.time.go(86_399)
    await keys.verify(header("0"), BODY)
    bol.time.go(1)
    with pytest.raises(BadSignature):
        await keys.verify(header("0"), BODY)
    await keys.verify(header("1"), BODY)


@pytest.mark.parametrize("names", [None, ()])
async def test_old_keys_serve_while_bol_cannot_be_asked(names: tuple[str, ...] | None) -> None:
    bol = Bol("0")
    keys = bol.keys()
    await keys.verify(header(), BODY)
    bol.names = names
    bol.time.go(90_000)
    for _ in range(5):
        await keys.verify(header(), BODY)
    assert bol.asked == 2


# -- from the client


async def test_keys_from_the_client(market: Market) -> None:
    listed = {"signatureKeys": [{"id": "0", "type": "RSA", "publicKey": key("0").public_key}]}
    market.will(KEYS, told(listed), odd(b"[]"), problem(503))
    client = market.client()
    assert await signature_keys(client) == [key("0")]
    assert await signature_keys(client) is None
    assert await signature_keys(client) is None


@pytest.mark.parametrize(
    "header", ["a" * LONGEST_HEADER, " " * LONGEST_HEADER, "a=b," * (LONGEST_HEADER // 4)]
)
def test_a_long_hostile_header_is_no_signature(header: str) -> None:
    with pytest.raises(BadSignature):
        parse(header)
