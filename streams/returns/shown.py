"""A return for people."""

from __future__ import annotations

from streams.returns.state import CreditState, Return
from streams.vocabulary.activity import ReturnItemShown, ReturnShown

_CREDIT: dict[CreditState, str] = {
    "none": "none",
    "asked": "asked",
    "committing": "asked",
    "delivering": "booked",
    "paying": "booked",
    "booked": "booked",
    "failed": "failed",
}


def shown(return_id: str, state: Return) -> ReturnShown:
    """The snapshot for the read model."""
    return ReturnShown(
        return_id=return_id,
        registered_at=state.registered_at,
        fulfilment=state.fulfilment,
        items=tuple(
            ReturnItemShown(
                rma_id=item.rma_id,
                order_id=item.order_id,
                ean=item.ean,
                expected=item.expected,
                reason=item.reason,
                state=item.state,
                handled_as=item.handled_as,
                credit=_CREDIT[item.credit],
                mplus_order=item.mplus_number or item.mplus_order,
                stuck=" ".join(part for part in (item.stuck, item.credit_stuck) if part),
            )
            for item in state.items
        ),
    )
