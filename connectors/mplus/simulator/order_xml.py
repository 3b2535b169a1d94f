"""An order and a packing slip as the service writes them, in the contract's sequence (facts/mplus.md 7.2)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from connectors.mplus.simulator.books import MplusBooks
from connectors.mplus.simulator.orders import (
    ADDRESS_FIELDS,
    Address,
    Order,
    OrderLine,
    PackingSlip,
    Payment,
)
from connectors.mplus.simulator.soap import amount, element, wrapped


def order_xml(books: MplusBooks, order: Order, *, lines: bool = True) -> str:
    """`<ns:order>`; without lines the payments and packing slips are left out as well."""
    slips = [slip for slip_id in order.slips if (slip := books.orders.slip(slip_id))]
    category = next((one for one in books.config.order_categories if one.number == order.category), None)
    return wrapped(
        "order",
        element("orderId", order.order_id)
        + element("extOrderId", order.ext_order_id)
        + _ids("invoiceIds", order.invoices)
        + element("transactionString", order.text)
        + element("syncMarker", order.marker)
        + element("orderType", order.order_type)
        + element("entryBranchNumber", order.entry_branch)
        + element("employeeNumber", order.employee)
        + element("entryTimestamp", order.entered_at)
        + element("relationNumber", order.relation)
        + element("relationName", order.relation_name)
        + _address("deliveryAddress", order.delivery_address)
        + _address("invoiceAddress", order.invoice_address)
        + element("financialDate", order.financial_date)
        + element("financialBranchNumber", order.financial_branch)
        + element("workplaceNumber", order.workplace)
        + element("reference", order.reference)
        + element("activityId", order.activity_id or None)
        + element("totalInclAmount", order.total_incl)
        + element("totalExclAmount", order.total_excl)
        + element("vatMethod", order.vat_method)
        + _vat_groups(books, order)
        + element("deliveryMethod", order.delivery_method)
        + element("deliveryDate", order.delivery_date)
        + element("paymentMethod", order.payment_method)
        + element("changeCounter", order.change_counter)
        + element("versionNumber", order.version_number)
        + element("prepaidAmount", order.prepaid)
        + element("fullyPaid", order.covered_by(order.paid))
        + element("deliveryState", order.delivery_state)
        + element("cancelState", order.cancel_state)
        + element("completeState", order.complete_state)
        + _year_number("orderNumber", order.year, order.number)
        + wrapped(
            "branchOrderNumber",
            element("branchNumber", order.entry_branch)
            + element("workplaceNumber", order.workplace)
            + element("year", order.year)
            + element("number", order.number),
        )
        + element("orderCategoryNumber", order.category)
        + element("orderCategoryDescription", category.description if category else None)
        + element("onDeliveryUrl", order.on_delivery_url or None)
        + element("onInvoiceUrl", order.on_invoice_url or None)
        + (wrapped("lineList", "".join(_line(books, line) for line in order.lines)) if lines else "")
        + (wrapped("paymentList", "".join(_payment(payment) for payment in order.payments)) if lines else "")
        + (_ids("packingSlipIds", order.slips) if lines else "")
        + (
            wrapped(
                "packingSlipNumbers",
                "".join(_year_number("yearNumber", slip.year, slip.number) for slip in slips),
            )
            if lines
            else ""
        ),
    )


def packing_slip_xml(books: MplusBooks, slip: PackingSlip, *, lines: bool = True) -> str:
    """`<ns:packingSlip>`: it carries the order's extOrderId, so it links straight to a marketplace order."""
    order = slip.order
    incl = sum(line.share(quantity)[0] for line, quantity in slip.lines)
    excl = sum(line.share(quantity)[1] for line, quantity in slip.lines)
    return wrapped(
        "packingSlip",
        element("packingSlipId", slip.slip_id)
        + _year_number("packingSlipNumber", slip.year, slip.number)
        + element("orderId", order.order_id)
        + element("extOrderId", order.ext_order_id)
        + _year_number("orderNumber", order.year, order.number)
        + element("invoiceId", slip.invoice_id or None)
        + element("syncMarker", slip.marker)
        + element("employeeNumber", order.employee)
        + element("entryTimestamp", slip.at)
        + element("relationNumber", order.relation)
        + element("relationName", order.relation_name)
        + _address("deliveryAddress", order.delivery_address)
        + _address("invoiceAddress", order.invoice_address)
        + element("financialDate", order.financial_date)
        + element("financialBranchNumber", order.financial_branch)
        + element("workplaceNumber", order.workplace)
        + element("entryBranchNumber", order.entry_branch)
        + element("reference", slip.reference)
        + element("totalInclAmount", incl)
        + element("totalExclAmount", excl)
        + element("changeCounter", 2 if slip.invoice_id else 1)
        + element("state", slip.state)
        + (
            wrapped("lineList", "".join(_line(books, line, quantity) for line, quantity in slip.lines))
            if lines
            else ""
        )
        + element("orderCategoryNumber", order.category)
        + element("packingSlipType", "PACKING-SLIP-TYPE-PACKING-SLIP")
        + element("vatMethod", order.vat_method),
    )


def _line(books: MplusBooks, line: OrderLine, shipped: Decimal | None = None) -> str:
    """A line of an order, or (with `shipped`) of a packing slip."""
    incl, excl = line.share(line.quantity if shipped is None else shipped)
    quantities = amount("quantity", "decimalPlaces", line.quantity if shipped is None else shipped)
    if shipped is None:
        quantities += amount("deliveredQuantity", "deliveredDecimalPlaces", line.delivered)
        quantities += amount("cancelledQuantity", "cancelledDecimalPlaces", line.cancelled)
    unit_excl = line.share(Decimal(1))[1]
    return wrapped(
        "line",
        element("lineId", line.line_id)
        + element("articleNumber", line.article)
        + element("pluNumber", line.plu)
        + element("text", line.text)
        + wrapped(
            "data",
            quantities
            + element("price", line.price)
            + element("priceExcl", unit_excl)
            + element("originalPrice", line.price)
            + element("turnoverGroup", line.turnover_group or None)
            + element("vatCode", line.vat_code)
            + element("vatPercentage", line.vat_percentage // books.config.vat_percentage_divisor)
            + element("discountType", "DISCOUNT-TYPE-NONE")
            + element("totalInclAmount", incl)
            + element("totalExclAmount", excl),
        )
        + element("lineType", "LINE-TYPE-COMPONENT" if line.component_of else "LINE-TYPE-NONE")
        + element("lineKind", "LINE-KIND-DEFAULT")
        + (element("salesOrderLineId", line.line_id) if shipped is not None else ""),
    )


def _vat_groups(books: MplusBooks, order: Order) -> str:
    totals: dict[tuple[int, int], tuple[int, int]] = {}
    for line in order.lines:
        key = (line.vat_code, line.vat_percentage)
        incl, excl = totals.get(key, (0, 0))
        totals[key] = (incl + line.total_incl, excl + line.total_excl)
    return wrapped(
        "vatGroupList",
        "".join(
            wrapped(
                "vatGroup",
                element("vatCode", code)
                + element("vatPercentage", percentage // books.config.vat_percentage_divisor)
                + element("exclAmount", excl)
                + element("vatAmount", incl - excl),
            )
            for (code, percentage), (incl, excl) in sorted(totals.items())
        ),
    )


def _payment(payment: Payment) -> str:
    return wrapped(
        "payment",
        element("paymentId", payment.payment_id)
        + element("entryTimestamp", payment.at)
        + element("method", payment.method)
        + element("amount", payment.amount)
        + element("externalReference", payment.external_reference or None),
    )


def _address(name: str, address: Address | None) -> str:
    if address is None:
        return ""
    return wrapped(name, "".join(element(part, address.get(part)) for part in ADDRESS_FIELDS))


def _year_number(name: str, year: int, number: int) -> str:
    return wrapped(name, element("year", year) + element("number", number))


def _ids(name: str, ids: Sequence[str]) -> str:
    return wrapped(name, "".join(element("id", one) for one in ids))
