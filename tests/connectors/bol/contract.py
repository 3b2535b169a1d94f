"""Bol's own contracts as a judge: of our requests, and of the answers that tests make up."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import orjson
from jsonschema import Draft4Validator

CONTRACTS = Path(__file__).parents[3] / "../shared/contracts"
# Offers are judged by v11, whatever v10 still says of them (facts/bol.md).
_FILES = ("bol-offers-v11", "bol-retailer-v10", "bol-shared-v10")


class Operation(NamedTuple):
    """One operation of a contract."""

    contract: str
    method: str
    path: str
    told: dict[str, Any]


@cache
def contract(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads((CONTRACTS / f"{name}.openapi.json").read_bytes())
    return loaded


@cache
def operations() -> tuple[tuple[re.Pattern[str], Operation], ...]:
    found = []
    for name in _FILES:
        for path, methods in contract(name)["paths"].items():
            pattern = re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path))
            for method, told in methods.items():
                found.append((pattern, Operation(name, method.upper(), path, told)))
    # Fixed paths before those with a variable.
    return tuple(sorted(found, key=lambda one: ("{" in one[1].path, _FILES.index(one[1].contract))))


def operation_of(method: str, path: str) -> Operation:
    for pattern, operation in operations():
        if operation.method == method and pattern.fullmatch(path):
            return operation
    raise AssertionError(f"no contract knows {method} {path}")


def check_request(request: httpx.Request) -> Operation:
    """Raises AssertionError or a ValidationError where the request is not what the contract says."""
    operation = operation_of(request.method, request.url.raw_path.decode().partition("?")[0])
    told = operation.told
    assert not told.get("deprecated"), f"{operation.path} is deprecated"
    known = {one["name"]: one for one in told.get("parameters", []) if one["in"] == "query"}
    for name, value in request.url.params.multi_items():
        assert name in known, f"{operation.path} knows no {name}"
        schema = known[name]["schema"]
        typed: Any = _typed(schema["type"], value)
        _validator(operation.contract, schema).validate(typed)
    answered = {
        media
        for status, answer in told["responses"].items()
        if status.startswith("2")
        for media in answer.get("content", {})
    }
    assert request.headers["accept"] in answered
    wanted = told.get("requestBody")
    if wanted is None:
        assert request.content == b""
        assert "content-type" not in request.headers
    else:
        schema = wanted["content"][request.headers["content-type"]]["schema"]
        _validator(operation.contract, schema).validate(orjson.loads(request.content))
    return operation


def _typed(kind: str, value: str) -> Any:
    if kind == "boolean":
        return {"true": True, "false": False}.get(value, value)
    return int(value) if kind == "integer" else value


def check_answer(operation: Operation, status: int, body: Any) -> None:
    """The same for a 2xx answer."""
    contents = operation.told["responses"][str(status)].get("content", {})
    schemas = [one["schema"] for one in contents.values() if "schema" in one]
    if schemas:
        _validator(operation.contract, schemas[0]).validate(body)
    else:
        assert body is None


def check(name: str, schema: str, body: Any) -> None:
    """An instance of a named schema."""
    _validator(name, {"$ref": f"#/components/schemas/{schema}"}).validate(body)


def example(name: str, schema: str) -> Any:
    """What the contract's own examples make of a schema, every field filled where it has one."""
    return _example(name, {"$ref": f"#/components/schemas/{schema}"})


def _example(name: str, schema: dict[str, Any]) -> Any:
    if "$ref" in schema:
        resolved = contract(name)["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return _example(name, resolved)
    if "example" in schema:
        return schema["example"]
    if "allOf" in schema:
        return _example(name, schema["allOf"][0])
    if "oneOf" in schema:
        return _example(name, schema["oneOf"][0])
    if "properties" in schema:
        return {key: _example(name, one) for key, one in schema["properties"].items()}
    match schema.get("type"):
        case "array":
            return [_example(name, schema["items"])]
        case "boolean":
            return schema.get("default", True)
        case "integer" | "number":
            return schema.get("default", 7)
        case _:
            return schema["enum"][0] if "enum" in schema else "text"


@cache
def _json_schemas(name: str) -> dict[str, Any]:
    changed: dict[str, Any] = plain(contract(name)["components"])
    return changed


def plain(node: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema: `nullable` and `discriminator` become choices."""
    if isinstance(node, list):
        return [plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    if "discriminator" in node and "mapping" in node["discriminator"]:
        name = node["discriminator"]["propertyName"]
        return {
            "anyOf": [
                {"allOf": [{"properties": {name: {"enum": [word]}}, "required": [name]}, {"$ref": place}]}
                for word, place in node["discriminator"]["mapping"].items()
            ]
        }
    changed = {key: plain(one) for key, one in node.items() if key not in ("nullable", "example")}
    return {"anyOf": [changed, {"type": "null"}]} if node.get("nullable") is True else changed


def _validator(name: str, schema: dict[str, Any]) -> Any:
    return Draft4Validator({**plain(schema), "components": _json_schemas(name)})
