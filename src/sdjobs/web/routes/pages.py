"""The page itself, and its assets."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response, Router, get
from litestar.params import FromPath

from sdjobs.web.given import GivenOptions, GivenPage
from sdjobs.web.problems import Refused
from sdjobs.web.routes.login import HTML, root_of


@get(["/", "/{path:path}"], include_in_schema=False, media_type=HTML)
async def get_page(
    request: Request[Any, Any, Any], page: GivenPage, options: GivenOptions, path: FromPath[str] = "/"
) -> Response[Any]:
    """The page at its own address and at those of its parts (`/jobs/ID`), which it reads itself."""
    wanted = path.strip("/")
    asset = page.asset(wanted)
    if asset is not None:
        return Response(asset.content, media_type=asset.media_type, headers={"Cache-Control": asset.caching})
    # A file would lie at the top; below it a name may have a dot: `new/example.file_copy`.
    is_file = "." in wanted and "/" not in wanted
    if wanted.startswith(("assets/", "api/")) or wanted == "api" or is_file:
        raise Refused(HTTPStatus.NOT_FOUND, "not_found", "there is nothing here")
    index = page.index(root_of(request), options.library_words, options.code_words)
    return Response(index, media_type=HTML, headers={"Cache-Control": "no-cache"})


ROUTER: Final = Router("/", route_handlers=[get_page])
