"""How the vendors' calls reach the network: httpx in front, aiohttp's pool and parser behind it.

httpx's own transport goes through every open connection at each call, twice, and asks the system about each
(decision 0012 has the price); aiohttp finds a free one without looking, and reads answers in C. What a flow hangs
on is kept by this module: whether a call was surely not sent (UNSENT). Only what fails before there is a connection is
told as that; aiohttp's repeating of a PUT or DELETE whose connection broke is
prevented, since the one who repeats is connectors/retry.py. No text of an exception holds the address: it carries
a secret of Mplus.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from functools import cache
from urllib.request import getproxies

import aiohttp
import httpx
from aiohttp.client_exceptions import (
    ClientConnectorError,
    ConnectionTimeoutError,
    InvalidURL,
    NonHttpUrlClientError,
    ServerTimeoutError,
)
from yarl import URL

IDLE = 60.0
"""Seconds that a connection is kept for the next call."""
UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""After these a call was surely not sent; after any other error of httpx's it may have been."""


def vendor_http(timeout: httpx.Timeout | None = None) -> httpx.AsyncClient:
    """The client of all calls to vendors, as `httpx.AsyncClient`; httpx's own where the environment names a proxy.
    Redirects are not followed: a secret would travel along."""
    waits = timeout or httpx.Timeout(30.0, connect=10.0)
    return httpx.AsyncClient(timeout=waits, verify=trusted()) if getproxies() else VendorHttp(waits)


@cache
def trusted() -> ssl.SSLContext:
    """Whom we believe to be a vendor; read from a file of some hundred certificates, once."""
    return httpx.create_ssl_context()


async def body_of(answer: httpx.Response, longest: int) -> bytes | None:
    """The body of a streamed answer; None: it is longer than so many bytes, and the rest is left. Raises httpx's errors
    where it is cut short."""
    parts: list[bytes] = []
    size = 0
    async for part in answer.aiter_bytes():
        size += len(part)
        if size > longest:
            return None
        parts.append(part)
    return b"".join(parts)


class VendorHttp(httpx.AsyncClient):
    """Without what no call to a vendor needs, and takes a quarter of the time of each: signing in, following redirects,
    and a jar that every answer is searched for cookies for."""

    def __init__(self, timeout: httpx.Timeout) -> None:
        self._way = VendorTransport()
        super().__init__(timeout=timeout, transport=self._way, follow_redirects=False)

    async def send(self, request: httpx.Request, *, stream: bool = False, **_: object) -> httpx.Response:
        """See httpx.AsyncClient."""
        answer = await self._way.handle_async_request(request)
        if not stream:
            try:
                await answer.aread()
            finally:
                await answer.aclose()
        return answer


class _Broken(aiohttp.ClientError):
    """The connection broke under a call. Not one of the errors after which aiohttp sends it once more."""


async def _sent_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except (ClientConnectorError, ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Broken(type(error).__name__) from None


class VendorTransport(httpx.AsyncBaseTransport):
    """One pool of connections, without a bound of its own: lanes bound each shop's calls (streams/effects.py), and a
    common bound would be taken up by shops whose till does not answer. A connection per lane is what stays idle."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx's errors: those of UNSENT only for what was not sent."""
        session = self._session
        if session is None:
            session = self._session = self._opened()
        timeout = request.extensions.get("timeout", {})
        try:
            answer = await session.request(
                request.method,
                _address(request.url),
                headers=[
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
                ],
                data=request.content or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=timeout.get("connect"), sock_read=timeout.get("read")
                ),
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _told(error) from None
        return httpx.Response(
            answer.status, headers=answer.raw_headers, stream=_Body(answer), request=request
        )

    async def aclose(self) -> None:
        """Closes every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE, ssl=trusted()),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            middlewares=(_sent_once,),
        )


def _address(url: httpx.URL) -> URL:
    """The same address for aiohttp, byte for byte: how it is quoted belongs to a secret of Mplus, which is not in the
    text of the URL either (mplus/administration.py)."""
    place = url.netloc.decode("ascii")
    return URL(f"{url.scheme}://{place}{url.raw_path.decode('ascii')}", encoded=True)


class _Body(httpx.AsyncByteStream):
    """An answer's bytes as they come."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._answer.content.iter_any():
                yield part
        except (aiohttp.ClientError, OSError) as error:
            raise _told(error, httpx.ReadError) from None

    async def aclose(self) -> None:
        """The connection is for the next call if the answer was read to its end, and closed if it was not."""
        if self._answer.content.at_eof():
            self._answer.release()
        else:
            self._answer.close()


def _told(
    error: Exception, otherwise: type[httpx.TransportError] = httpx.RemoteProtocolError
) -> httpx.HTTPError:
    """In httpx's words, by the kind of trouble alone."""
    why = type(error).__name__
    if isinstance(error, ConnectionTimeoutError):
        return httpx.ConnectTimeout(why)
    if isinstance(error, ClientConnectorError):
        return httpx.ConnectError(why)
    if isinstance(error, InvalidURL | NonHttpUrlClientError):
        return httpx.UnsupportedProtocol(why)
    if isinstance(error, ServerTimeoutError | TimeoutError):
        return httpx.ReadTimeout(why)
    if isinstance(error, ValueError):
        return httpx.LocalProtocolError(why)
    if isinstance(error, _Broken):
        return httpx.ReadError(str(error))
    return otherwise(why)
