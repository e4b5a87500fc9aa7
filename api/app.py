"""The API process: GraphQL at /graphql, its readiness at /health, its counts at /metrics.

`uvicorn --factory api.app:create_app` serves it; `liudai serve` does so with the right settings.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, TypeAlias

import orjson
import strawberry
import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from api import scoring
from api.auth import Authenticator, LoadActor
from api.graphql.documents import Documents
from api.graphql.limits import Limits
from api.graphql.schema import get_schema
from api.http import GraphQLEndpoint
from api.logging import configure_logging
from api.metrics import UnderWay, telling
from api.scrape import Scrape
from api.subscriptions import Streams
from api.websocket import WebSocketEndpoint
from domain.db import close_database, driver, open_database, rows
from domain.metrics import watching
from domain.queries.actors import load_actor as load_actor_from_database
from domain.settings import Settings, get_settings

Resource: TypeAlias = Callable[[], AbstractAsyncContextManager[None]]
"""Something that is open while the process serves."""

STATIC: Final = Path(__file__).parent / "static"
_PAGE: Final = STATIC / "graphiql" / "index.html"

_log = structlog.get_logger("liudai.api")


@asynccontextmanager
async def database() -> AsyncIterator[None]:
    """Keep the database open."""
    await open_database()
    _log.info("database_opened", driver=driver())
    try:
        yield
    finally:
        await close_database()


def create_app(
    *,
    settings: Settings | None = None,
    schema: strawberry.Schema | None = None,
    load_actor: LoadActor = load_actor_from_database,
    resources: Sequence[Resource] | None = None,
    model_version: Callable[[], str | None] = scoring.model_version,
) -> Starlette:
    """Return the application. The keywords replace what a test or a benchmark has its own of.

    `resources` are opened in order at start and closed in reverse: by default the database, the
    model and the telling of this process's gauges. `model_version` names the served risk model for
    /health and /metrics.
    """
    settings = settings or get_settings()
    configure_logging(settings)
    under_way = UnderWay()
    core = (schema or get_schema())._schema
    documents = Documents(core, Limits.of(settings), introspection=not settings.production)
    authenticator = Authenticator(settings, load_actor)
    http = GraphQLEndpoint(
        schema=core,
        documents=documents,
        settings=settings,
        authenticator=authenticator,
        page=_page(settings),
        under_way=under_way,
    )
    websocket = WebSocketEndpoint(
        streams=Streams(core, documents),
        settings=settings,
        authenticator=authenticator,
        under_way=under_way,
    )

    def watched() -> AbstractAsyncContextManager[None]:
        return watching("api", telling(under_way, model_version))

    app = Starlette(
        routes=_routes(http, websocket, settings, model_version),
        middleware=_middleware(settings),
        lifespan=_lifespan((database, scoring.model, watched) if resources is None else resources),
    )
    app.state.documents = documents
    app.state.under_way = under_way
    return app


def _routes(
    http: GraphQLEndpoint,
    websocket: WebSocketEndpoint,
    settings: Settings,
    model_version: Callable[[], str | None],
) -> list[BaseRoute]:
    async def health(_: Request) -> Response:
        return await _health(model_version)

    routes: list[BaseRoute] = [
        Route("/graphql", http),
        WebSocketRoute("/graphql", websocket),
        Route("/health", health, methods=["GET"]),
    ]
    if settings.metrics_served:
        routes.append(Route("/metrics", Scrape(settings).answer, methods=["GET"]))
    if not settings.production and STATIC.is_dir():
        routes.append(Mount("/static", StaticFiles(directory=STATIC)))
    return routes


def _middleware(settings: Settings) -> list[Middleware]:
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type", "accept-language", "x-request-id"],
            expose_headers=["x-request-id"],
            max_age=600,
        )
    ]


def _lifespan(
    resources: Sequence[Resource],
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for resource in resources:
                await stack.enter_async_context(resource())
            # What lives as long as the process need not be looked at by every collection.
            gc.collect()
            gc.freeze()
            gc.enable()  # `liudai serve` starts without it
            yield
            gc.unfreeze()

    return lifespan


async def _health(model_version: Callable[[], str | None]) -> Response:
    try:
        await rows("SELECT 1 AS one")
    except Exception:  # whatever is wrong with the database, we are not ready
        _log.warning("database_unreachable", exc_info=True)
        return _json({"status": "unavailable", "model": model_version()}, 503)
    return _json({"status": "ok", "model": model_version()}, 200)


def _json(content: dict[str, str | None], status: int) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def _page(settings: Settings) -> bytes | None:
    return _PAGE.read_bytes() if not settings.production and _PAGE.is_file() else None
