"""What the index knows of files, and their thumbnails."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Annotated, Final, TypeAlias

from litestar import Response, Router, get
from litestar.openapi import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from sdjobs.web import telling, wire
from sdjobs.web.below import read_below
from sdjobs.web.given import GivenLibrary
from sdjobs.web.problems import Refused, problems
from sdjobs.web.routes.jobs import Limit
from spacedrive_ops import LibraryIndex, thumbnail_path

MOST_FILES: Final = 100
"""Of a group of duplicates, so many are listed."""

LARGEST_THUMBNAIL: Final = 16 << 20

Digest: TypeAlias = Annotated[
    str, PathParameter(description="BLAKE3 of what the file holds, in hex.", pattern="^[0-9a-f]{64}$")
]


@get("/search", responses=problems(409))
async def search_index(
    library: GivenLibrary,
    text: Annotated[str, QueryParameter(description="Words that names have words beginning with.", max_length=500)],
    limit: Limit = 100,
) -> wire.EntryList:
    """Indexed files and folders by the words of their names."""
    found = await LibraryIndex(library.db).search(text, limit=limit)
    return wire.EntryList(entries=[telling.entry(one) for one in found])


@get("/largest", responses=problems(409))
async def list_largest(library: GivenLibrary, limit: Limit = 100) -> wire.EntryList:
    """The largest files of the index."""
    return wire.EntryList(entries=[telling.entry(one) for one in await LibraryIndex(library.db).largest(limit=limit)])


@get("/recent", responses=problems(409))
async def list_recent(library: GivenLibrary, limit: Limit = 100) -> wire.EntryList:
    """The files that were modified last, the newest first."""
    return wire.EntryList(entries=[telling.entry(one) for one in await LibraryIndex(library.db).recent(limit=limit)])


@get("/duplicates", responses=problems(409))
async def list_duplicates(
    library: GivenLibrary,
    least: Annotated[int, QueryParameter(ge=1, le=1 << 62, description="Smallest size, in bytes.")] = 1,
    limit: Annotated[int, QueryParameter(ge=1, le=200, description="At most so many groups.")] = 50,
) -> wire.DuplicateList:
    """Files that are known to hold the same bytes, the most wasteful first; a job of kind `duplicates` finds them."""
    index = LibraryIndex(library.db)
    groups: list[wire.DuplicateGroup] = []
    for group in await index.duplicates(least=least, limit=limit):
        files = [telling.entry(one) for one in await index.files_of(group.digest, limit=MOST_FILES)]
        groups.append(telling.duplicates(group, files))
    return wire.DuplicateList(groups=groups)


@get(
    "/thumbnails/{digest:str}",
    media_type="image/webp",
    responses={
        **problems(404),
        200: ResponseSpec(bytes, media_type="image/webp", description="The picture.", generate_examples=False),
    },
)
async def get_thumbnail(
    library: GivenLibrary,
    digest: Digest,
    size: Annotated[
        int, QueryParameter(ge=1, le=16_384, description="Pixels a side, one of those it was made in.")
    ] = 256,
) -> Response[bytes]:
    """The thumbnail of what a file holds, if it was made."""
    path = thumbnail_path(library.path, bytes.fromhex(digest), size)
    folder = library.path / "thumbnails"
    try:
        picture = await asyncio.to_thread(read_below, folder, path.relative_to(folder), LARGEST_THUMBNAIL)
    except OSError:
        detail = "there is no thumbnail of this content in this size; a job of kind `thumbnails` makes them"
        raise Refused(HTTPStatus.NOT_FOUND, "no_thumbnail", detail) from None
    # What a content looks like never changes.
    return Response(picture, media_type="image/webp", headers={"Cache-Control": "private, max-age=31536000, immutable"})


ROUTER: Final = Router(
    "/",
    tags=["Index"],
    route_handlers=[search_index, list_largest, list_recent, list_duplicates, get_thumbnail],
)
