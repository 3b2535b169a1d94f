"""What a day is made of: how often customers, Bol and staff do what. All of it is set here."""

from __future__ import annotations

from typing import NamedTuple


class Shares(NamedTuple):
    """Shares lie between 0 and 1, spans are seconds: (shortest, longest)."""

    # -- customers, of orders unless it says items
    fbb: float = 0.12
    """Sent by Bol from its own warehouse."""
    mixed: float = 0.06
    """Some items sent by Bol, the others by the shop."""
    vvb: float = 0.08
    """Sent by the shop with a label of Bol's."""
    business: float = 0.15
    """With VAT and chamber of commerce numbers, half of them with a reference of their own."""
    repeat: float = 0.2
    """The same person as before, behind another relay address."""
    odd_address: float = 0.15
    pickup_point: float = 0.1
    time_frame: float = 0.1
    """Items for the evening, an appointment, the same day, a Sunday."""
    discount: float = 0.2
    """Of items."""
    free: float = 0.03
    """Of items: a gift, price nothing."""
    most_lines: int = 3
    most_pieces: int = 3
    cancelled_before: float = 0.03
    """An item is cancelled, whole or in part, before anybody sees the order."""
    shipped_before: float = 0.02
    """An item has left, whole or in part, before anybody sees the order."""

    # -- staff, of the orders that the shop sends
    packed: float = 0.7
    """While customers come; the rest when they are gone."""
    packed_after: tuple[float, float] = (0.5, 3.0)
    """From the order to its packing slip."""
    in_parts: float = 0.15
    code_later: float = 0.15
    """Of packing slips: the code is written on it afterwards."""
    no_code: float = 0.08
    """Of packing slips: a letter, without a code."""
    marked_after: tuple[float, float] = (0.5, 7.0)
    """From the packing slip to the code on it, where it comes later: up to some looks at what moved in Mplus."""

    # -- when the customers are gone, of what is open then
    asked: float = 0.15
    """Items whose customer asks for a cancellation."""
    cancelled_by_bol: float = 0.1
    """Items."""
    cancelled_by_staff: float = 0.1
    """Orders, in Mplus."""
    returned: float = 0.05
    """Orders of which something comes back, of those that have left."""


FULL = Shares()
