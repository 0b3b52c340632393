"""The few pages that need neither script nor style: where one comes in, and where the page was not built."""

from __future__ import annotations

import html

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
"""


def login_page(root: str, following: str, problem: str = "", *, warning: str = "") -> str:
    """A form for a token. `following`: where to go then; `warning`: what to know before a token is typed."""
    said = "".join(f'<p role="alert"><strong>{html.escape(text)}</strong></p>' for text in (warning, problem) if text)
    return (
        f"{_HEAD}<title>Jobs: sign in</title></head>\n<body>\n<main>\n<h1>Sign in</h1>\n{said}\n"
        "<p>Open the link that <code>sdjobs serve</code> printed in its terminal, or give a token. The tokens are in "
        "<code>web-tokens.json</code> in the library\u2019s folder.</p>\n"
        f'<form method="post" action="{html.escape(root)}/login">\n'
        f'<input type="hidden" name="next" value="{html.escape(following)}">\n'
        '<p><label>Token <input type="password" name="token" autocomplete="current-password" required autofocus>'
        "</label> <button>Sign in</button></p>\n</form>\n</main>\n</body>\n</html>\n"
    )


def bounce_page(address: str) -> str:
    """Go to a page of this server's, as a step of its own: only then does a browser send a strict cookie."""
    escaped = html.escape(address)
    return (
        f'{_HEAD}<meta http-equiv="refresh" content="0;url={escaped}">\n<title>Jobs</title></head>\n'
        f'<body><p><a href="{escaped}">Go on</a></p></body>\n</html>\n'
    )


def unbuilt_page(root: str) -> str:
    """Where the page should be: this copy of the package was not built with it."""
    return (
        f"{_HEAD}<title>Jobs</title></head>\n<body>\n<main>\n<h1>The page is not built</h1>\n"
        "<p>This copy of <code>spacedrive-jobs</code> has no built page; a released one has. The API works: "
        f'<a href="{html.escape(root)}/api/openapi.json">its description</a>.</p>\n</main>\n</body>\n</html>\n'
    )
