"""What is known of the tokens of `sdjobs serve` without what serves: where they are, and which can be guessed."""

from typing import Final

FILE: Final = "web-tokens.json"
"""In the library's folder."""
LEAST_LENGTH: Final = 20
"""Of a token that somebody chose: shorter ones can be guessed."""
