"""The process: readiness, lifespan, what it must not import."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from served import Served
from toy_schema import load_person, toy_schema

import api.app as module
from api.app import create_app
from domain.settings import Settings


def test_health_tells_whether_the_database_answers(
    toys: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answering(_: str) -> list[dict]:
        return [{"one": 1}]

    async def failing(_: str) -> list[dict]:
        raise ConnectionError("no database")

    monkeypatch.setattr(module, "rows", answering)
    ready = httpx.get(f"{toys.url}/health")
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "model": None})
    monkeypatch.setattr(module, "rows", failing)
    away = httpx.get(f"{toys.url}/health")
    assert (away.status_code, away.json()) == (503, {"status": "unavailable", "model": None})


async def test_resources_are_opened_in_order_and_closed_in_reverse(
    api_settings: Callable[..., Settings],
) -> None:
    events: list[str] = []

    def resource(name: str):
        @asynccontextmanager
        async def opened() -> AsyncIterator[None]:
            events.append(f"open {name}")
            yield
            events.append(f"close {name}")

        return opened

    app = create_app(
        settings=api_settings(),
        schema=toy_schema(),
        load_actor=load_person,
        resources=(resource("a"), resource("b")),
        model_version=lambda: "7",
    )
    async with app.router.lifespan_context(app):
        assert events == ["open a", "open b"]
        assert gc.get_freeze_count() > 0
    assert events == ["open a", "open b", "close b", "close a"]


def test_the_api_imports_no_training_library() -> None:
    script = (
        "import sys, api.app; "
        "print([m for m in ('sklearn', 'skl2onnx', 'pandas', 'onnx', 'matplotlib') "
        "if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.stdout.strip() == "[]", run.stderr


def test_the_page_comes_from_this_server_alone(toys: Served) -> None:
    script = httpx.get(f"{toys.url}/static/graphiql/graphiql.js")
    assert script.status_code == 200
    page = httpx.get(toys.graphql, headers={"accept": "text/html"}).text
    assert "http://" not in page
    assert "https://" not in page
