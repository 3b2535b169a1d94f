"""The books as JSON: the truth that a bridge is held against. Amounts are numbers, moments ISO with
microseconds, money cents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.mplus.simulator.books import MplusBooks
from connectors.mplus.simulator.orders import Order, PackingSlip
from connectors.mplus.simulator.sessions import Session
from connectors.mplus.simulator.stock import FreeChange, Mutation, StockRow


def dump(books: MplusBooks, parts: frozenset[str], articles: frozenset[int]) -> dict[str, Any]:
    """These parts of the books (none named: all of them), of these articles (none named: all)."""
    told: dict[str, Any] = {"at": _moment(books.clock())}
    for name, tell in _PARTS.items():
        if not parts or name in parts:
            told[name] = tell(books, articles)
    return told


def _markers(books: MplusBooks, articles: frozenset[int]) -> dict[str, int]:
    return {
        "article": books.catalogue.current,
        "stock": books.stock.current,
        "order": books.orders.current,
        "relation": books.relations.current,
        "packing_slip": books.orders.current_slip,
    }


def _articles(books: MplusBooks, articles: frozenset[int]) -> list[dict[str, Any]]:
    return [
        {
            "article": article.number,
            "product": article.product,
            "plu": article.plu,
            "ean": article.barcode,
            "description": article.description,
            "price_cents": article.price_cents,
            "vat_code": article.vat_code,
            "active": article.active,
            "webshop": article.webshop,
            "stock_article": article.stock_article,
            "discontinued": article.discontinued,
            "turnover_group": article.turnover_group,
            "extra_barcodes": [list(one) for one in article.extra_barcodes],
            "components": [[part, number(Decimal(quantity))] for part, quantity in article.components],
            "si_unit": article.si_unit,
            "unit": article.unit,
            "groups": list(product.groups) if (product := books.catalogue.product(article.product)) else [],
            "marker": article.marker,
        }
        for article in books.catalogue.articles()
        if not articles or article.number in articles
    ]


def _stock(books: MplusBooks, articles: frozenset[int]) -> list[dict[str, Any]]:
    return [stock_row(row) for row in books.stock.rows() if not articles or row.article in articles]


def stock_row(row: StockRow) -> dict[str, Any]:
    """One article at one branch."""
    return {
        "article": row.article,
        "branch": row.branch,
        "opening": number(row.opening),
        "on_hand": number(row.on_hand),
        "reserved": number(row.reserved),
        "free": number(row.free),
        "incoming": number(row.incoming),
        "stock_id": row.stock_id,
    }


def _changes(books: MplusBooks, articles: frozenset[int]) -> list[dict[str, Any]]:
    return [_change(one) for one in books.stock.changes if not articles or one.article in articles]


def _change(change: FreeChange) -> dict[str, Any]:
    return {
        "at": _moment(change.at),
        "article": change.article,
        "branch": change.branch,
        "before": number(change.before),
        "after": number(change.after),
        "stock_id": change.stock_id,
        "cause": change.cause,
        "reference": change.reference,
    }


def _history(books: MplusBooks, articles: frozenset[int]) -> list[dict[str, Any]]:
    return [_mutation(one) for one in books.stock.history if not articles or one.article in articles]


def _mutation(mutation: Mutation) -> dict[str, Any]:
    return {
        "stock_id": mutation.stock_id,
        "at": _moment(mutation.at),
        "article": mutation.article,
        "branch": mutation.branch,
        "changed": number(mutation.changed),
        "type": mutation.origin.kind,
        "cause": mutation.origin.cause,
        "reference": mutation.origin.reference,
    }


def _orders(books: MplusBooks, articles: frozenset[int]) -> list[dict[str, Any]]:
    return [
        order_told(order)
        for order in books.orders.all()
        if not articles or any(line.article in articles for line in order.lines)
    ]


def order_told(order: Order) -> dict[str, Any]:
    """An order with its lines, relation, addresses and states."""
    return {
        "order_id": order.order_id,
        "ext_order_id": order.ext_order_id,
        "number": order.text,
        "entered_at": _moment(order.entered_at),
        "type": order.order_type,
        "branch": order.financial_branch,
        "workplace": order.workplace,
        "employee": order.employee,
        "relation": order.relation,
        "relation_name": order.relation_name,
        "reference": order.reference,
        "category": order.category,
        "delivery_method": order.delivery_method,
        "payment_method": order.payment_method,
        "delivery_address": order.delivery_address,
        "invoice_address": order.invoice_address,
        "vat_method": order.vat_method,
        "financial_date": order.financial_date.isoformat(),
        "delivery_date": order.delivery_date.isoformat() if order.delivery_date else None,
        "total_cents": order.total_incl,
        "total_excl_cents": order.total_excl,
        "paid_cents": order.paid,
        "prepaid_cents": order.prepaid,
        "delivery_state": order.delivery_state,
        "cancel_state": order.cancel_state,
        "complete_state": order.complete_state,
        "marker": order.marker,
        "packing_slips": list(order.slips),
        "invoices": list(order.invoices),
        "payments": [
            {
                "method": payment.method,
                "cents": payment.amount,
                "reference": payment.external_reference,
                "prepaid": payment.prepaid,
            }
            for payment in order.payments
        ],
        "lines": [
            {
                "line_id": line.line_id,
                "article": line.article,
                "text": line.text,
                "quantity": number(line.quantity),
                "delivered": number(line.delivered),
                "cancelled": number(line.cancelled),
                "price_cents": line.price,
                "vat_code": line.vat_code,
                "turnover_group": line.turnover_group,
                "total_cents": line.total_incl,
                "total_excl_cents": line.total_excl,
                "component_of": line.component_of,
            }
            for line in order.lines
        ],
    }


def slip_told(slip: PackingSlip) -> dict[str, Any]:
    """A packing slip."""
    return {
        "packing_slip_id": slip.slip_id,
        "number": f"{slip.year}-{slip.number}",
        "invoice_id": slip.invoice_id,
        "order_id": slip.order.order_id,
        "ext_order_id": slip.order.ext_order_id,
        "at": _moment(slip.at),
        "reference": slip.reference,
        "marked_at": _moment(slip.marked_at) if slip.marked_at is not None else None,
        "state": slip.state,
        "marker": slip.marker,
        "lines": [{"article": line.article, "quantity": number(quantity)} for line, quantity in slip.lines],
    }


def _slips(books: MplusBooks, articles: frozenset[int]) -> list[dict[str, Any]]:
    return [slip_told(slip) for slip in books.orders.slips_since(0)]


def _relations(books: MplusBooks, articles: frozenset[int]) -> list[dict[str, Any]]:
    return [
        {
            "relation": relation.number,
            "marker": relation.marker,
            **relation.fields,
            "contacts": list(relation.contacts),
        }
        for relation in books.relations.all()
    ]


def _sessions(books: MplusBooks, articles: frozenset[int]) -> list[dict[str, Any]]:
    return [
        session_told(session)
        for session in books.till.sessions
        if not articles or any(line.article in articles for line in session.lines)
    ]


def session_told(session: Session) -> dict[str, Any]:
    """A finished till session. Quantities are what left the shop: negative at a refund."""
    return {
        "session_id": session.session_id,
        "kind": session.kind,
        "branch": session.branch,
        "workplace": session.workplace,
        "at": _moment(session.at),
        "receipt": session.receipt_number,
        "total_cents": session.total_cents,
        "lines": [
            {"article": line.article, "quantity": number(line.quantity), "price_cents": line.price_cents}
            for line in session.lines
        ],
    }


def _dropped(books: MplusBooks, articles: frozenset[int]) -> dict[str, int]:
    return {"changes": books.stock.changes_dropped, "history": books.stock.history_dropped}


def number(value: Decimal) -> int | float:
    """A JSON number: whole where it is whole."""
    return int(value) if value == value.to_integral_value() else float(value)


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


_PARTS: dict[str, Callable[[MplusBooks, frozenset[int]], Any]] = {
    "markers": _markers,
    "articles": _articles,
    "stock": _stock,
    "changes": _changes,
    "history": _history,
    "orders": _orders,
    "packing_slips": _slips,
    "relations": _relations,
    "sessions": _sessions,
    "dropped": _dropped,
    "ignored": lambda books, articles: dict(books.ignored),
}

PARTS = frozenset(_PARTS)
"""What can be asked for by name."""
