"""The few pages that need no script: where one comes in, and where the page was not built.

Their style is in them, because whoever is not in yet gets no file; the policy of all answers names its digest.
"""

from __future__ import annotations

import base64
import hashlib
import html
from typing import Final

from sdjobs.token_rules import FILE

_STYLE: Final = """
:root { color-scheme: light dark; font: 15px/1.55 Inter, "Segoe UI", system-ui, "Noto Sans", Arial, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; box-sizing: border-box;
  background: light-dark(#faf8f4, #14171a); color: light-dark(#1e2227, #e9e6e0); }
main { box-sizing: border-box; width: 100%; max-width: 27rem; padding: 1.75rem; border-radius: .625rem;
  border: 1px solid light-dark(#e2dcd2, #2d3339); background: light-dark(#ffffff, #1b1f23); }
h1 { margin: 0 0 .75rem; font-size: 1.375rem; line-height: 1.25; }
p { margin: 0 0 1rem; }
code { font-family: "JetBrains Mono", ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .875em; }
[role=alert] { padding: .75rem; border-radius: .4375rem; overflow-wrap: anywhere;
  background: light-dark(#fbecea, #2f1d1c); color: light-dark(#a3261d, #ff9d92); }
form p { margin: 1.25rem 0 0; display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; }
label { flex: 1 1 12rem; display: grid; gap: .25rem; font-weight: 600; }
input { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem .625rem; border-radius: .4375rem;
  border: 1px solid light-dark(#8b8478, #7b838c); background: light-dark(#ffffff, #14171a); color: inherit; }
button { font: inherit; font-weight: 600; padding: .5rem 1rem; border-radius: .4375rem; border: 1px solid transparent;
  background: light-dark(#14655b, #6fcabb); color: light-dark(#ffffff, #0b211e); cursor: pointer; }
:focus-visible { outline: 2px solid light-dark(#14655b, #6fcabb); outline-offset: 2px; }
a { color: light-dark(#14655b, #6fcabb); }
"""
STYLE_DIGEST: Final = f"sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}"

_HEAD: Final = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>{_STYLE}</style>
"""


def login_page(root: str, following: str, problem: str = "", *, warning: str = "") -> str:
    """A form for a token. `following`: where to go then; `warning`: what to know before a token is typed."""
    said = "".join(f'<p role="alert"><strong>{html.escape(text)}</strong></p>' for text in (warning, problem) if text)
    return (
        f"{_HEAD}<title>Jobs: sign in</title></head>\n<body>\n<main>\n<h1>Sign in</h1>\n{said}\n"
        "<p>Open the link that <code>sdjobs serve</code> printed in its terminal, or give a token. The tokens are in "
        f"<code>{FILE}</code> in the library\u2019s folder.</p>\n"
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
