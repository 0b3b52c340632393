"""The first page of a PDF, drawn by PDFium, which runs no scripts and fetches nothing."""

from __future__ import annotations

from typing import Any, BinaryIO, Final, cast

from spacedrive_ops.media.decoding import LOCKED, Limits, NotDecoded, NotInstalled

LEAST_SIDE: Final = 1.0


def small_page(file: BinaryIO, size: int, _limits: Limits) -> Any:
    """At most `size` pixels a side, in RGB, on white. It is drawn at that size, however large the paper is."""
    try:
        import pypdfium2  # type: ignore[import-untyped]
    except ImportError as error:
        raise NotInstalled.of("media") from error

    pdfium = cast("Any", pypdfium2)
    try:
        document = pdfium.PdfDocument(file)
    except pdfium.PdfiumError as error:
        raise NotDecoded(LOCKED if "password" in str(error).lower() else "is damaged: it cannot be opened") from error
    try:
        if len(document) == 0:
            raise NotDecoded("has no pages")
        document.init_forms()  # else what is filled in would not show
        page = document[0]
        longest = max(page.get_size())
        if longest < LEAST_SIDE:
            raise NotDecoded("has a page without a size")
        drawn = page.render(scale=size / longest, may_draw_forms=True).to_pil().convert("RGB")
    except pdfium.PdfiumError as error:
        raise NotDecoded(f"is damaged: its first page cannot be drawn ({error})") from error
    finally:
        document.close()
    return drawn
