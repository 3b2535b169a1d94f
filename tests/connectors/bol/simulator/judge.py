"""Bol's contracts as a judge of what the simulator answers: shapes, formats, and which of several shapes it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from jsonschema import Draft4Validator, FormatChecker

from tests.connectors.bol.contract import contract, operation_of, plain


def _formats() -> FormatChecker:
    checker = FormatChecker(formats=())
    checker.checks("date-time", ValueError)(
        _told(lambda text: datetime.fromisoformat(text).tzinfo is not None)
    )
    checker.checks("date", ValueError)(_told(lambda text: bool(date.fromisoformat(text))))
    checker.checks("uuid", ValueError)(_told(lambda text: str(UUID(text)) == text))
    return checker


def _told(fits: Callable[[str], bool]) -> Callable[[Any], bool]:
    """A format is of texts: what else may stand there (null, where it is nullable) the type says."""
    return lambda value: not isinstance(value, str) or fits(value)


FORMATS = _formats()


def judge(method: str, path: str, status: int, told: Any) -> None:
    """A 2xx answer to a call. Raises AssertionError or ValidationError."""
    operation = operation_of(method, path.partition("?")[0])
    responses = operation.told["responses"]
    assert str(status) in responses, f"the contract knows no {status} of {method} {operation.path}"
    contents = responses[str(status)].get("content", {})
    schemas = [one["schema"] for one in contents.values() if "schema" in one]
    if schemas and status != 204:
        _validator(operation.contract, schemas[0]).validate(told)
    else:
        assert told is None


def check(name: str, schema: str, body: Any) -> None:
    """An instance of a named schema of a contract."""
    _validator(name, {"$ref": f"#/components/schemas/{schema}"}).validate(body)


def _validator(name: str, schema: dict[str, Any]) -> Any:
    return Draft4Validator({**plain(schema), "components": _components(name)}, format_checker=FORMATS)


@cache
def _components(name: str) -> dict[str, Any]:
    changed: dict[str, Any] = plain(contract(name)["components"])
    return changed
