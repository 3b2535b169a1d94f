"""A crowd of orders on its way into Mplus: how far it is, in the read model and on the first page."""

from __future__ import annotations

from datetime import timedelta

import httpx

from app.console import Live, create_console
from app.console.wording import step, whole
from app.readmodel import ReadModel
from app.readmodel.projection import Projection, Standing
from app.readmodel.shown import CatchingUp
from streams.orders.state import Step
from streams.vocabulary.activity import OrderShown
from tests.app.readmodel.fakes import NOON, HandClock, MemoryLog


def tell(log: MemoryLog, at: Step, numbers: range, stuck: str = "") -> None:
    for number in numbers:
        shown = OrderShown(
            order_id=f"C{number}",
            step=at,
            placed_at=NOON - timedelta(hours=5),
            customer="J*** d* V****, Utrecht",
            lines=(),
            total_cents=1995,
            stuck=stuck,
            fulfilment="FBR",
        )
        log.note(shown, f"C{number}", flow="orders")


async def test_a_crowd_is_counted_by_step_until_it_is_in_mplus(
    model: ReadModel, log: MemoryLog, clock: HandClock, projection: Projection
) -> None:
    tell(log, "products", range(900, 901), stuck="Article for EAN 8719327100011 does not exist in Mplus.")
    tell(log, "committed", range(800, 850))
    clock.forward(3600)
    tell(log, "seen", range(150))
    tell(log, "customer", range(150, 200))
    tell(log, "kept-out", range(200, 210))
    await projection.catch_up()
    now = (await model.overview()).catching_up
    assert now == CatchingUp(booked=0, total=200, steps={"seen": 150, "customer": 50})
    tell(log, "committed", range(70))
    tell(log, "done", range(70, 80))
    await projection.catch_up()
    now = (await model.overview()).catching_up
    assert now == CatchingUp(booked=80, total=200, steps={"seen": 70, "customer": 50}), "not of an hour ago"
    tell(log, "committed", range(80, 110))
    await projection.catch_up()
    assert (await model.overview()).catching_up is None, "ninety are an ordinary day"


async def test_the_first_page_and_the_api_say_so(
    model: ReadModel, log: MemoryLog, clock: HandClock, projection: Projection
) -> None:
    site = create_console(model, live=Live(), standing=Standing(), clock=clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://127.0.0.1") as client:
        assert "Catching up" not in (await client.get("/")).text
        tell(log, "seen", range(1234))
        tell(log, "committed", range(34))
        await projection.catch_up()
        clock.forward(60)  # the overview is kept for a moment
        page = (await client.get("/")).text
        assert f"Catching up: <b>34</b> of {whole(1234)} orders in Mplus" in page
        assert f"{whole(1200)} {step('seen')}" in page
        told = (await client.get("/api/overview")).json()["catching_up"]
        assert told == {"booked": 34, "total": 1234, "steps": {"seen": 1200}}
