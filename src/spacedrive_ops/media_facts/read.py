"""Reading the facts of one file, in a child process."""

from __future__ import annotations

from spacedrive_ops.library_index.media import MediaFacts
from spacedrive_ops.media.decoding import NOT_KNOWN, Limits, NotDecoded, opened
from spacedrive_ops.media.kinds import Medium
from spacedrive_ops.media_facts.films import facts_of_film
from spacedrive_ops.media_facts.pictures import facts_of_picture
from spacedrive_ops.media_facts.raws import facts_of_raw


def read_facts(path: bytes, limits: Limits) -> MediaFacts:
    """Raises NotDecoded."""
    with opened(path, limits) as found:
        match found.medium:
            case Medium.PICTURE:
                return facts_of_picture(found.file, limits)
            case Medium.RAW:
                return facts_of_raw(found.file, path, limits)
            case Medium.FILM | Medium.SOUND:
                return facts_of_film(found.path, path, limits)
            case Medium.DRAWING | Medium.DOCUMENT:
                raise NotDecoded(NOT_KNOWN)
