"""The one base of everything that is written to the log or kept in a row.

msgspec structs: frozen, compared by value, read strictly (a wrong type is an error, an unknown field is
ignored so that a newer writer does not stop an older reader). docs/decisions/0002 has the measurement.

Python's garbage collector leaves them alone: what is frozen and made of values cannot point at itself.
"""

from __future__ import annotations

import msgspec


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A part of a fact: an address, a line, a code. Not a message by itself."""


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="is", tag=True, gc=False):
    """A member of a closed union: an event, an effect, an outcome. JSON carries its name in `is`."""
