"""What is counted can be read by Prometheus, and grows with nothing from outside."""

from __future__ import annotations

from app.metrics import MOST_KINDS, Metrics
from streams.observer import Observer


def lines(metrics: Metrics) -> list[str]:
    return [line for line in metrics.text().decode().splitlines() if not line.startswith("#")]


def test_every_word_of_the_observer_is_counted() -> None:
    metrics = Metrics()
    metrics.applied("stock", 3)
    metrics.skipped("stock", 2)
    metrics.parked("orders", 1)
    metrics.rewound("orders")
    metrics.settled("bol", "push-stock", "delivered", 0.2)
    told = lines(metrics)
    assert 'kassabrug_records_applied_total{flow="stock"} 3.0' in told
    assert 'kassabrug_records_skipped_total{flow="stock"} 2.0' in told
    assert 'kassabrug_records_parked_total{flow="orders"} 1.0' in told
    assert 'kassabrug_rewinds_total{flow="orders"} 1.0' in told
    assert 'kassabrug_call_seconds_count{effect="push-stock",outcome="delivered",vendor="bol"} 1.0' in told
    assert metrics.counts == {"stock applied": 3, "orders parked": 1, "push-stock delivered": 1}


def test_pushes_are_counted_by_answer_and_timed_by_vendor() -> None:
    metrics = Metrics()
    for seconds in (0.0005, 0.001, 0.02, 90.0):
        metrics.pushed("bol", "stored", seconds)
    metrics.pushed("mplus", "bad-signature", 0.3)
    told = lines(metrics)
    assert 'kassabrug_pushes_total{answer="stored",vendor="bol"} 4.0' in told
    assert 'kassabrug_pushes_total{answer="bad-signature",vendor="mplus"} 1.0' in told
    assert 'kassabrug_push_seconds_bucket{le="0.001",vendor="bol"} 2.0' in told
    assert 'kassabrug_push_seconds_bucket{le="0.025",vendor="bol"} 3.0' in told
    assert 'kassabrug_push_seconds_bucket{le="30.0",vendor="bol"} 3.0' in told
    assert 'kassabrug_push_seconds_bucket{le="+Inf",vendor="bol"} 4.0' in told
    assert 'kassabrug_push_seconds_count{vendor="bol"} 4.0' in told
    assert 'kassabrug_push_seconds_sum{vendor="mplus"} 0.3' in told
    assert metrics.counts == {"bol push stored": 4, "mplus push bad-signature": 1}


def test_the_observer_has_no_word_that_is_left_out() -> None:
    words = [name for name in vars(Observer) if not name.startswith("_")]
    assert words == [name for name in words if name in vars(Metrics)]


def test_a_stall_comes_and_goes() -> None:
    metrics = Metrics()
    metrics.stalled("stock", None)
    metrics.stalled("stock", "disk full")
    assert metrics.stalls == {"stock": "disk full"}
    assert 'kassabrug_stalled{who="stock"} 1.0' in lines(metrics)
    metrics.stalled("stock", None)
    assert metrics.stalls == {}
    assert 'kassabrug_stalled{who="stock"} 0.0' in lines(metrics)


def test_two_sets_do_not_share_a_registry() -> None:
    one, other = Metrics(), Metrics()
    one.applied("stock", 1)
    assert other.counts == {}
    assert 'kassabrug_records_applied_total{flow="stock"} 1.0' not in lines(other)


def test_freshness_is_in_seconds() -> None:
    metrics = Metrics()
    metrics.fresh("till-sale", 1500)
    metrics.fresh("till-sale", -3)
    told = lines(metrics)
    assert 'kassabrug_freshness_seconds_bucket{kind="till-sale",le="0.1"} 1.0' in told
    assert 'kassabrug_freshness_seconds_bucket{kind="till-sale",le="2.0"} 2.0' in told
    assert 'kassabrug_freshness_seconds_sum{kind="till-sale"} 1.5' in told


def test_kinds_have_a_bound() -> None:
    metrics = Metrics()
    for number in range(MOST_KINDS * 3):
        metrics.fresh(f"kind-{number}", 10)
    counts = [line for line in lines(metrics) if line.startswith("kassabrug_freshness_seconds_count")]
    assert len(counts) == MOST_KINDS + 1
    assert f'kassabrug_freshness_seconds_count{{kind="other"}} {MOST_KINDS * 2}.0' in counts
