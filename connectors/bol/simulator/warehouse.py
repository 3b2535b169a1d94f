"""What lies in Bol's own warehouse (LVB/FBB). No I/O.

A unit leaves `regularStock` ("available for sale") when it is ordered, and comes back to it when the order is
cancelled. The contract says no more: goods that come in or come back are set by hand (`/_control/inventory`).
"""

from __future__ import annotations

from connectors.bol.simulator.records import Item, Lying, NotDone

MOST_LYING = 100_000


class Warehouse:
    """All of it, in the order in which it came in."""

    def __init__(self) -> None:
        self.lying: dict[str, Lying] = {}
        """By bsku."""
        self._by_ean: dict[str, list[Lying]] = {}

    def put(self, ean: str, bsku: str, regular: int, graded: int, title: str) -> Lying:
        """So much lies there from now on. Raises NotDone where the bsku is another EAN's."""
        known = self.lying.get(bsku)
        if known is None:
            if len(self.lying) >= MOST_LYING:
                raise NotDone(f"the simulator's warehouse holds at most {MOST_LYING} products", 409)
            known = self.lying[bsku] = Lying(ean=ean, bsku=bsku)
            self._by_ean.setdefault(ean, []).append(known)
        elif known.ean != ean:
            raise NotDone(f"bsku {bsku} is EAN {known.ean}", 409)
        known.regular, known.graded, known.title = regular, graded, title
        return known

    def clear_out(self, ean: str) -> None:
        """The EAN is listed no more."""
        for one in self._by_ean.pop(ean, ()):
            del self.lying[one.bsku]

    def of(self, ean: str) -> list[Lying]:
        """One for each bsku; nothing: it is not listed."""
        return list(self._by_ean.get(ean, ()))

    def regular(self, ean: str) -> int | None:
        """Units that can be sold; None: the EAN is not listed."""
        some = self._by_ean.get(ean)
        return sum(one.regular for one in some) if some else None

    def take(self, item: Item) -> None:
        """It is ordered. What is not there (of an order that was forced) is taken from nowhere."""
        left = item.quantity
        for one in self.of(item.ean):
            units = min(left, one.regular)
            if units:
                one.regular -= units
                item.taken.append((one, units))
                left -= units

    def give_back(self, item: Item, quantity: int) -> None:
        """So many units of it were cancelled."""
        while quantity > 0 and item.taken:
            one, units = item.taken.pop()
            back = min(quantity, units)
            one.regular += back
            quantity -= back
            if units > back:
                item.taken.append((one, units - back))
