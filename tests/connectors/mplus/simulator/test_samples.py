"""The contract's own requests are taken, and the answers have the names of its own answers."""

from __future__ import annotations

import pytest
from lxml import etree

from tests.connectors.mplus.simulator.wire import SAMPLES, Opened, body_of, checked

REQUESTS = sorted(path.name for path in SAMPLES.glob("req_*.xml"))
ANSWERS = {
    path.name: body_of(path.read_bytes()) for path in sorted(SAMPLES.glob("resp_*.xml"))
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
async def test_every_sample_request_gets_a_valid_answer(opened: Opened, name: str) -> None:
    shop = await opened()
    reply = await shop.post((SAMPLES / name).read_bytes())
    assert reply.status_code == 200, reply.text
    answer = checked(reply.content)
    operation = name.removeprefix("req_").removesuffix(".xml").removesuffix("_all")
    samples = [one for sample, one in ANSWERS.items() if sample.split(".")[0].split("_")[1] == operation]
    for sample in samples:
        assert answer.name == etree.QName(sample).localname
        assert answer.element.tag == sample.tag


def test_there_are_samples() -> None:
    assert len(REQUESTS) == 26
    assert len(ANSWERS) == 18
