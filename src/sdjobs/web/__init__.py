"""The HTTP API and the job manager page of a library: `create_app` for an application of one's own.

Needs the extra `web`.
"""

from sdjobs.web.app import WebApp as WebApp
from sdjobs.web.app import create_app as create_app
from sdjobs.web.tokens import Tokens as Tokens
from sdjobs.web.tokens import TokenSource as TokenSource
from sdjobs.web.tokens import TokensUnsafe as TokensUnsafe
from sdjobs.web.tokens import read_tokens as read_tokens
from sdjobs.web.tokens import tokens_of as tokens_of
