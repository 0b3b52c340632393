"""What a file job needs that is not installed."""

from __future__ import annotations

from spacedrive_jobs import JobError


class MissingExtra(JobError):
    """A job needs packages that are an extra of this one. `extras`: their names, as pip takes them."""

    def __init__(self, what: str, extras: str) -> None:
        self.what, self.extras = what, extras
        super().__init__(f"{what} needs more than is installed here: pip install 'spacedrive-jobs[{extras}]'")
