"""Puts the console together. `create_console` gives an application that stands alone or is mounted."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from app.console import api, guards, pages, questions
from app.console.desk import Desk, Returns, TellFlow
from app.console.live import Live, TooManyBrowsers
from app.console.security import HEADERS, BasicAuth, SecureHeaders
from app.console.stopped import WithStopped
from app.readmodel import ReadModel, ReadModelUnavailable, Standing
from streams.log.base import LogReader
from streams.vocabulary.time import Clock

__all__ = ["TellFlow", "create_console"]


def create_console(
    read_model: ReadModel,
    *,
    live: Live,
    standing: Standing,
    clock: Clock,
    tell: TellFlow | None = None,
    returns: Returns | None = None,
    log: LogReader | None = None,
    username: str = "",
    password: str = "",
    allowed_hosts: tuple[str, ...] = (),
) -> Starlette:
    """The console over a read model.

    `standing`: the projection's. `tell`: what the buttons and forms call; None: there are none. `returns`: what
    answers about returns; None: their page says that nothing is kept of them. `log`: where an article of some time ago
    is looked for; None: it is not.
    `username` and `password`: asked for when a password is set. `allowed_hosts`: the names under which it may
    be reached (a protection against DNS rebinding); empty: any.

    The streams of `live` end by `live.close()`: call it before the server stops.
    """
    if password and not username:
        raise ValueError("a console with a password needs a username too")
    desk = Desk(read_model, live, standing, clock, tell, returns, log)
    rendering = pages.Pages(desk)
    middleware = [Middleware(SecureHeaders)]
    if allowed_hosts:
        middleware.append(Middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts)))
    if password:
        middleware.append(Middleware(BasicAuth, username=username, password=password))
    middleware.append(Middleware(WithStopped, desk=desk))
    return Starlette(
        routes=[
            *pages.routes(desk),
            *api.routes(desk),
            *guards.routes(desk, rendering),
            Route("/live", _live(live)),
            Mount("/static", _Static(directory=pages.HERE / "static")),
        ],
        middleware=middleware,
        exception_handlers={
            HTTPException: _refusal(rendering),
            ReadModelUnavailable: _unavailable(rendering),
            questions.NotTaken: _not_taken(rendering),
            Exception: _bug,
        },
    )


class _Static(StaticFiles):
    """Our own few files: a browser asks whether they changed, and mostly they did not."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        """See StaticFiles.file_response."""
        response: Response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]  # handed on
        response.headers["cache-control"] = "no-cache"
        return response


def _live(live: Live) -> Callable[[Request], object]:
    async def stream(request: Request) -> Response:
        try:
            browser = live.listen()
        except TooManyBrowsers as error:
            return PlainTextResponse(str(error), 503, {"retry-after": "20"})
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(live.events(browser), media_type="text/event-stream", headers=headers)

    return stream


def _wants_json(request: Request) -> bool:
    return request.url.path.removeprefix(request.scope.get("root_path", "")).startswith("/api/")


def _refusal(rendering: pages.Pages) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        words = {404: "There is no such page.", 405: "That cannot be done here."}.get(
            error.status_code, error.detail
        )
        if _wants_json(request):
            return api.problem(error.status_code, words)
        page = rendering.problem(request, error.status_code, "Nothing here", words)
        page.headers.update(error.headers or {})
        return page

    return answer


def _unavailable(rendering: pages.Pages) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        if _wants_json(request):
            return api.problem(503, str(error))
        return rendering.problem(request, 503, "Not now", str(error))

    return answer


def _not_taken(rendering: pages.Pages) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        if _wants_json(request):
            return api.problem(413, str(error))
        return rendering.problem(request, 413, "Not taken", str(error))

    return answer


async def _bug(request: Request, error: Exception) -> Response:
    """The server logs the traceback; a page never holds one."""
    return PlainTextResponse("The console failed on this page. The log says more.", 500, HEADERS)
