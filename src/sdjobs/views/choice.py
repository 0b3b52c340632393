"""Which view fits: decided here, so that what draws on terminals is loaded only where there is one."""

from __future__ import annotations

import os

from sdjobs.settings import Settings
from sdjobs.views.json_lines import JsonLinesView
from sdjobs.views.lines import LinesView
from sdjobs.views.presenter import View


def draws(settings: Settings) -> bool:
    """Whether standard output is a terminal that can move its cursor."""
    return not settings.json and settings.out.is_terminal and os.environ.get("TERM", "dumb") != "dumb"


def choose_view(settings: Settings) -> View:
    if settings.json:
        return JsonLinesView(settings.out)
    if not draws(settings):
        return LinesView(settings.out)
    from sdjobs.views.bar import BarView

    return BarView(settings.out)
