"""`python -m sdjobs.web.openapi FILE`: write the description of the API, from which the page's types are made.

It is the same for every library, so none is opened.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from litestar import Litestar

from sdjobs.web.app import api, provided
from sdjobs.web.description import described, openapi_config


def document() -> bytes:
    """The OpenAPI document as JSON."""
    routes = Litestar(
        route_handlers=[api()], dependencies=_absent(), openapi_config=openapi_config(), logging_config=None
    )
    return described(routes)


def _absent() -> dict[str, Any]:
    return provided(dict.fromkeys(("library", "options", "doorkeeper", "feed", "page", "totals", "disks")))


def main(words: list[str]) -> None:
    if len(words) != 1:
        raise SystemExit("say where to write it: python -m sdjobs.web.openapi web/openapi.json")
    Path(words[0]).write_bytes(document())


if __name__ == "__main__":
    main(sys.argv[1:])
