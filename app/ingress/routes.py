"""The addresses of the ingress."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from app.ingress.door import Door
from app.ingress.push import Desk, Vendor
from app.metrics import Metrics
from streams.log.base import LogWriter


def routes(
    writer: LogWriter,
    doors: Mapping[str, Door],
    metrics: Metrics,
    new_trace: Callable[[], str],
    ready: Callable[[], str],
    max_body: int,
) -> list[Route]:
    """Webhooks, health and metrics."""

    def desk(vendor: Vendor) -> Desk:
        return Desk(vendor, writer, doors, metrics, new_trace, max_body)

    return [
        # Without `methods`: a wrong one is the desk's to refuse, and to count.
        Route("/webhooks/{connection}/mplus/{event}", desk("mplus")),
        Route("/webhooks/{connection}/bol", desk("bol")),
        *health_routes(metrics, ready),
    ]


def health_routes(metrics: Metrics, ready: Callable[[], str]) -> list[Route]:
    """Health and metrics, for a process of any role. `ready()` gives why not, or nothing."""

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        why = ready() or "; ".join(f"{who}: {what}" for who, what in sorted(metrics.stalls.items()))
        return JSONResponse({"ready": not why, "why": why}, status_code=503 if why else 200)

    async def exposition(request: Request) -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", exposition),
    ]
