from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from served import Served
from starlette.applications import Starlette
from toy_schema import load_person, toy_schema

from api.app import create_app
from domain.settings import Settings, get_settings
from tests.http_story import Story
from tests.lender import Lender
from tests.over_http import Api, served


@pytest.fixture(scope="session")
def api_settings(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Settings]:
    home = tmp_path_factory.mktemp("api-home")

    def make(**changes: Any) -> Settings:
        return Settings(_env_file=None, home=Path(home), **changes)  # type: ignore[call-arg]

    return make


@pytest.fixture(scope="session")
def serve(api_settings: Callable[..., Settings]) -> Iterator[Callable[..., Served]]:
    """Serve an app on a free port, on a loop of its own, until the session ends."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(app: Starlette | None = None, **changes: Any) -> Served:
        settings = api_settings(**changes)
        if app is None:
            app = create_app(
                settings=settings, schema=toy_schema(), load_actor=load_person, resources=()
            )
        listening = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, ws="websockets-sansio", lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True
        )
        thread.start()
        while not server.started:
            time.sleep(0.005)
        running.append((server, thread))
        return Served(f"http://127.0.0.1:{listening.getsockname()[1]}", app, settings)

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture(scope="session")
def toys(serve: Callable[..., Served], tmp_path_factory: pytest.TempPathFactory) -> Served:
    # Cursors are signed with the process's own key, which must not come from the real home.
    patch = pytest.MonkeyPatch()
    patch.setenv("LIUDAI_HOME", str(tmp_path_factory.mktemp("home")))
    get_settings.cache_clear()
    get_settings()
    patch.undo()
    return serve()


@pytest.fixture(scope="module")
async def api(lender: Lender) -> AsyncIterator[Api]:
    """The real API in this process, on each database in turn."""
    async with served(lender) as found:
        yield found


@pytest.fixture(scope="module")
async def story(api: Api) -> Story:
    return await Story.open(api)
