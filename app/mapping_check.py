"""The seam to the data mapper: whether the expressions of `orders.mapping` can be used.

The settings know the expressions as texts only. What compiles them (streams/mapping) is given to `settings_of`, so
that a mistake in one is told with all the others, before anything starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

Tables = Mapping[str, Mapping[str, str]]
MappingProblems = Callable[[Mapping[str, str], Tables], list[str]]
"""Given target field -> expression and the lookup tables: what is wrong, a line each, as `order.reference: ...`."""


def mapping_problems(mapping: Mapping[str, str], tables: Tables) -> list[str]:
    """Until streams/mapping is connected here, no expression can be carried out, and whoever writes one is told so:
    a shop must not believe that its mapping is in force.

    TO CONNECT: return what streams.mapping says about `mapping` and `tables`."""
    return [f"{target}: this version of kassabrug does not map fields yet; take it out" for target in mapping]
