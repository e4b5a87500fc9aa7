"""A caller of the GraphQL API, as a frontend would be: one token, one address, plain answers."""

from __future__ import annotations

import secrets
from typing import Any

import httpx

from liudai.errors import LiudaiError


class CallFailed(LiudaiError):
    """The API refused or failed; the message says what it said."""


class Client:
    """Calls `/graphql` at `url` as the person of `token`."""

    def __init__(self, url: str, token: str) -> None:
        # trust_env: a proxy of the shell's has no business between us and this machine.
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"},
            timeout=60,
            trust_env=False,
        )

    def query(self, document: str, **variables: Any) -> dict[str, Any]:
        """Return `data`; raises :class:`CallFailed` for any top-level error."""
        try:
            response = self._http.post("/graphql", json={"query": document, "variables": variables})
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise CallFailed(f"the API did not answer: {error}") from None
        if answer.get("errors"):
            raise CallFailed("; ".join(str(error["message"]) for error in answer["errors"]))
        data: dict[str, Any] = answer["data"]
        return data

    def mutate(self, mutation: str, wanted: str, **form: Any) -> dict[str, Any]:
        """Call `mutation` with a fresh key and return its payload's `wanted` fields.

        Raises :class:`CallFailed` for a refused form.
        """
        input_type = f"{mutation[0].upper()}{mutation[1:]}Input"
        document = (
            f"mutation($input: {input_type}!) {{ {mutation}(input: $input) "
            f"{{ {wanted} errors {{ code message path }} }} }}"
        )
        form = {"idempotencyKey": secrets.token_hex(12), **form}
        payload: dict[str, Any] = self.query(document, input=form)[mutation]
        if payload["errors"]:
            said = (
                f"{error['message']} ({'.'.join(error['path']) or error['code']})"
                for error in payload["errors"]
            )
            raise CallFailed(f"{mutation} was refused: {' '.join(said)}")
        return payload

    def health(self) -> dict[str, Any]:
        """Return what GET /health says; empty when it does not answer."""
        try:
            answer: dict[str, Any] = self._http.get("/health").json()
        except (httpx.HTTPError, ValueError):
            return {}
        return answer
