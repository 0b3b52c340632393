"""`python -m tests.acceptance.page.mounted_app LIBRARY`: an application of its own, with the page below `/manager`."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn

from sdjobs.web import Tokens, create_app
from spacedrive_jobs import Library
from tests.acceptance.page import page_jobs

TOKEN = "token-of-the-mounted-application"


async def main(folder: Path) -> None:
    async with Library.open(folder, create=True) as library:
        manager = create_app(library, tokens=Tokens(TOKEN, "read" + TOKEN), roots=[folder.parent])

        async def application(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http" and scope["path"].startswith("/manager/"):
                await manager({**scope, "root_path": "/manager"}, receive, send)

        await library.jobs.dispatch(page_jobs.quick.new(7))
        listener = socket.create_server(("127.0.0.1", 0))
        print(f"http://127.0.0.1:{listener.getsockname()[1]}/manager", flush=True)
        config = uvicorn.Config(application, lifespan="off", log_config=None)
        await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
