"""The settings' question to the data mapper: whether the expressions of `orders.mapping` can be used.

The settings know the expressions as texts only; a mistake in one is told with all the others, before anything starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from streams.mapping.mapping import mapping_problems

__all__ = ["MappingProblems", "Tables", "mapping_problems"]

Tables = Mapping[str, Mapping[str, str]]
MappingProblems = Callable[[Mapping[str, str], Tables], list[str]]
"""Given target field -> expression and the lookup tables: what is wrong, a line each, as `order.reference: ...`."""
