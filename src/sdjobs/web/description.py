"""The OpenAPI document: what the framework finds in the routes, with the words and schemas of the types themselves."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Server, Tag

from sdjobs.web import wire
from sdjobs.web.problems import Problem
from sdjobs.web.routes import actions, library, login, schedules

TAGS: Final = {
    "Jobs": "What jobs there are, and what is known of each.",
    "Actions": "What is asked of jobs; new ones.",
    "Schedules": "Jobs that run by the clock.",
    "Library": "What goes on in the library, and what it knows how to do.",
    "Index": "What the index knows of files.",
    "Events": "What happens, as it happens.",
    "Access": "Coming in and leaving.",
}

DESCRIPTION: Final = (
    "The jobs of one library. Sentences (`title`, `why`, `sentence`) are for people and may change; `status`, `code` "
    "and numbers are for programs. Lists are cut by `limit`; `next`, given as `after`, brings the following part. "
    "Errors are problems (RFC 9457). Every request needs `Authorization: Bearer TOKEN` or the cookie that `login` "
    "gives; the read-only token may only look."
)

TYPES: Final = (Problem, *actions.TYPES, *schedules.TYPES, *library.TYPES, *login.TYPES, *wire.TYPES)
REFERENCE: Final = "#/components/schemas/{name}"


def openapi_config() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Spacedrive Jobs",
        version=re.sub(r"\.dev.*", "", version("spacedrive-jobs")),
        description=DESCRIPTION,
        path="/api/schema",  # the framework's own place, which answers in HTML what it does not know
        render_plugins=[JsonRenderPlugin()],
        use_handler_docstrings=True,
        operation_id_creator=lambda handler, _method, _path: handler.handler_name,
        servers=[Server(url="/")],
        tags=[Tag(name=name, description=said) for name, said in TAGS.items()],
        components=Components(
            security_schemes={
                "token": SecurityScheme(type="http", scheme="bearer", description="The full or the read-only token."),
            }
        ),
        security=[{"token": []}],
    )


def described(litestar: Litestar) -> bytes:
    """The document, the same to the byte for the same routes."""
    document: dict[str, Any] = litestar.openapi_schema.to_schema()
    # The framework leaves out what the types say of themselves, and the messages of the stream.
    _, schemas = msgspec.json.schema_components(TYPES, schema_hook=_any_json, ref_template=REFERENCE)
    missing = document["components"]["schemas"].keys() - schemas.keys()
    assert not missing, f"in routes, and not in TYPES: {missing}"
    document["components"]["schemas"] = schemas
    for schema in schemas.values():
        schema["description"] = " ".join(schema["description"].split())
    for path in document["paths"].values():
        for operation in path.values():
            _speak(operation, schemas)
    metrics = document["paths"]["/api/metrics"]["get"]["responses"]["200"]["content"]
    metrics["application/openmetrics-text"] = metrics["text/plain"]
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2) + b"\n"


def _any_json(type_: type) -> dict[str, Any]:
    """`object` stands for any JSON value."""
    if type_ is object:
        return {"description": "Any JSON value."}
    raise NotImplementedError


def _speak(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Names and descriptions in the place of what the framework makes up."""
    body = operation.get("requestBody", {})
    if any({"type": "null"} in content["schema"].get("oneOf", ()) for content in body.get("content", {}).values()):
        body["required"] = False  # the framework says so of none
    operation["summary"] = operation["operationId"].replace("_", " ").capitalize()
    for status, response in operation["responses"].items():
        if status == "204":
            response.pop("content", None)
        if status.startswith("2"):
            response["description"] = _answer(response, schemas)
    for parameter in operation.get("parameters", ()):
        for empty in ("allowEmptyValue", "allowReserved", "deprecated"):
            parameter.pop(empty, None)
    operation.pop("deprecated", None)


def _answer(response: dict[str, Any], schemas: dict[str, Any]) -> str:
    for content in response.get("content", {}).values():
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        if name:
            return str(schemas[name].get("description", name))
        return str(response["description"])
    return "It is done."
