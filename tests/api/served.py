from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.applications import Starlette

from api.auth import issue_local_token
from domain.settings import Settings


@dataclass
class Served:
    """A live server: its address, its app, and a way to call it."""

    url: str
    app: Starlette
    settings: Settings

    @property
    def graphql(self) -> str:
        return f"{self.url}/graphql"

    @property
    def websocket(self) -> str:
        return self.graphql.replace("http", "ws", 1)

    def token(self, subject: str = "operator", seconds: float = 600) -> str:
        ttl = dt.timedelta(seconds=seconds)
        return issue_local_token(subject, ttl, settings=self.settings)

    def post(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        *,
        subject: str | None = "operator",
        **headers: str,
    ) -> httpx.Response:
        if subject is not None:
            headers.setdefault("authorization", f"Bearer {self.token(subject)}")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = {"query": query, "variables": variables or {}}
        return httpx.post(self.graphql, json=body, headers=named, timeout=30)

    def data(self, query: str, variables: dict[str, Any] | None = None, **options: Any) -> Any:
        answered = self.post(query, variables, **options).json()
        assert "errors" not in answered, answered
        return answered["data"]
