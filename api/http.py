"""GraphQL over HTTP: POST, and GET for queries.

A thin ASGI endpoint straight on graphql-core. What can be worked out once for a document (its
syntax tree, validity, cost, collected fields, completion plans, look-ahead trees) is remembered
with it, so that a request costs little more than its resolvers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from types import CoroutineType
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import orjson
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, OperationType
from starlette.types import Receive, Scope, Send

from api.auth import Authenticator
from api.errors import ApiError, Code, Language, bad_input, present, timed_out
from api.graphql.context import Context, language_of
from api.graphql.documents import Documents, Invalid
from api.graphql.executor import PlanningExecutor
from api.graphql.limits import check_variables
from api.metrics import OK, REFUSED, UnderWay, observe_request
from api.negotiation import GRAPHQL_RESPONSE, JSON, answer_type, is_json, wants_page
from api.trace import Trace, begin, tell
from domain.settings import Settings

T = TypeVar("T")

PARAMETERS_MAX: Final = 20
COERCION_ERRORS_MAX: Final = 20

_STATUS: Final = {
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.BAD_USER_INPUT: 400,
    Code.QUERY_TOO_COMPLEX: 400,
    Code.TIMEOUT: 503,
    Code.INTERNAL: 500,
}
_NOTHING: Final[Mapping[str, Any]] = {}


class BadRequest(Exception):
    """No GraphQL request at all: answered with this status in either media type."""

    def __init__(self, status: int, en: str, zh: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(en)
        self.status = status
        self.error = bad_input(en, zh)
        self.headers = headers


class NotRun(Exception):
    """A well-formed request that did not get as far as running."""

    def __init__(self, *errors: GraphQLError) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Request:
    """A GraphQL request, whichever way it was sent."""

    query: str
    variables: Mapping[str, Any]
    operation_name: str | None
    read_only: bool


class GraphQLEndpoint:
    """The ASGI application at /graphql."""

    def __init__(
        self,
        *,
        schema: GraphQLSchema,
        documents: Documents,
        settings: Settings,
        authenticator: Authenticator,
        page: bytes | None,
        under_way: UnderWay,
    ) -> None:
        self._schema = schema
        self._documents = documents
        self._authenticator = authenticator
        self._page = page
        self._under_way = under_way
        self._log_every = settings.log_level == "DEBUG"
        self._body_bytes_max = settings.max_body_bytes
        self._timeout_seconds = settings.request_timeout_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        accept = headers.get(b"accept", b"")
        if self._page is not None and _asks_for_page(scope, accept):
            await _send(send, 200, b"text/html", self._page, ())
            return
        language = language_of(headers.get(b"accept-language", b""))
        media_type = answer_type(accept)
        trace = begin(headers)
        started = perf_counter()
        self._under_way.requests += 1
        try:
            status, code, body, extra = await self._answer(
                scope, headers, receive, media_type, language, trace
            )
        finally:
            self._under_way.requests -= 1
        seconds = perf_counter() - started
        observe_request(trace.operation, status, code, seconds)
        tell(trace, status, code, seconds, every=self._log_every)
        extra = (*extra, (b"x-request-id", trace.request_id.encode("ascii")))
        await _send(send, status, media_type or JSON, body, extra)

    async def _answer(
        self,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        receive: Receive,
        media_type: bytes | None,
        language: Language,
        trace: Trace,
    ) -> tuple[int, str, bytes, Sequence[tuple[bytes, bytes]]]:
        """Return status, code, body and further headers."""
        errors: Sequence[GraphQLError]
        extra: Sequence[tuple[bytes, bytes]] = ()
        status: int | None = None
        try:
            if media_type is None:
                raise BadRequest(
                    406,
                    "Accept application/graphql-response+json or application/json.",
                    "Accept 须包含 application/graphql-response+json 或 application/json。",
                )
            request = await self._read(scope, headers, receive)
            # The sign-in too: it may wait for a connection that the pool cannot give.
            running = self._run(request, headers, language, trace)
            result, refused = await self._in_time(running)
            return 200, *_body(result, language, refused=refused), ()
        except BadRequest as refusal:
            errors, status, extra = (refusal.error,), refusal.status, refusal.headers
        except (NotRun, Invalid) as refusal:
            errors = refusal.errors
        except ApiError as error:
            errors = (error,)
        except Exception as error:  # what nobody foresaw is masked and logged
            errors = (GraphQLError("internal", original_error=error),)
        shown = [present(error, language) for error in errors]
        code = str(shown[0]["extensions"]["code"])
        if status is None:
            status = _STATUS[Code(code)] if media_type == GRAPHQL_RESPONSE else 200
            if status == 401:
                extra = ((b"www-authenticate", b'Bearer realm="liudai"'),)
        return status, code, orjson.dumps({"errors": shown}), extra

    async def _run(
        self,
        request: Request,
        headers: Mapping[bytes, bytes],
        language: Language,
        trace: Trace,
    ) -> tuple[ExecutionResult, bool]:
        """Return the result, and whether it tells of a refused form."""
        authorization = headers.get(b"authorization")
        caller = None
        if authorization is not None:
            trace.actor = caller = (await self._authenticator.identify(authorization)).actor
        document = self._documents.prepare(request.query)
        operation = document.operation(request.operation_name)
        trace.node = operation.node
        kind = operation.kind
        if kind is OperationType.SUBSCRIPTION:
            raise bad_input(
                "Subscriptions need a WebSocket with the graphql-transport-ws protocol.",
                "订阅须通过 WebSocket（graphql-transport-ws 协议）进行。",
            )
        if request.read_only and kind is not OperationType.QUERY:
            raise BadRequest(
                405, "Send mutations by POST.", "变更操作须使用 POST。", (b"allow", b"POST")
            )
        variables = request.variables
        if variables:
            check_variables(variables)
        operation.costs.check(variables)
        context = Context(caller, language)
        executor = PlanningExecutor.build(
            self._schema,
            document.ast,
            context_value=context,
            raw_variable_values=dict(variables),
            operation_name=request.operation_name,
            max_coercion_errors=COERCION_ERRORS_MAX,
            hide_suggestions=True,
        )
        if isinstance(executor, list):
            raise NotRun(*executor)
        assert isinstance(executor, PlanningExecutor)  # noqa: S101 - what build() returns
        context.memo = executor.memo = document.memo(executor.variable_values.coerced)
        result = executor.execute_operation()
        if isinstance(result, CoroutineType):
            result = await result
        assert isinstance(result, ExecutionResult)  # noqa: S101 - nothing is delivered in parts
        return result, context.refused

    async def _in_time(self, running: Coroutine[Any, Any, T]) -> T:
        deadline = asyncio.timeout(self._timeout_seconds)
        try:
            async with deadline:
                result = await running
        except TimeoutError:
            raise timed_out(self._timeout_seconds) from None
        if deadline.expired():  # a driver may turn the cancellation into an error of its own
            raise timed_out(self._timeout_seconds)
        return result

    async def _read(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive
    ) -> Request:
        method = scope["method"]
        if method == "POST":
            if not is_json(headers.get(b"content-type", b"")):
                raise BadRequest(
                    415,
                    "Send the request as application/json in UTF-8.",
                    "请求须为 UTF-8 编码的 application/json。",
                )
            return _request(_json(await self._read_body(headers, receive)), read_only=False)
        if method == "GET":
            return _request(_query_parameters(scope["query_string"]), read_only=True)
        raise BadRequest(
            405,
            "Use POST, or GET for queries.",
            "请使用 POST，查询亦可用 GET。",
            (b"allow", b"GET, POST"),
        )

    async def _read_body(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        declared = headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared[:20]) > self._body_bytes_max:
            raise self._too_large()
        message = await receive()
        body: bytes = message.get("body", b"")
        if message.get("more_body"):
            chunks = [body]
            size = len(body)
            while message.get("more_body"):
                message = await receive()
                if message["type"] == "http.disconnect":
                    break
                chunks.append(message.get("body", b""))
                size += len(chunks[-1])
                if size > self._body_bytes_max:
                    raise self._too_large()
            body = b"".join(chunks)
        if len(body) > self._body_bytes_max:
            raise self._too_large()
        return body

    def _too_large(self) -> BadRequest:
        return BadRequest(
            413,
            f"The request is larger than {self._body_bytes_max} bytes. Split it.",
            f"请求超过 {self._body_bytes_max} 字节，请拆分。",
            (b"connection", b"close"),
        )


def _asks_for_page(scope: Scope, accept: bytes) -> bool:
    return (
        scope["method"] == "GET"
        and wants_page(accept)
        and not scope["query_string"].startswith(b"query=")
        and b"&query=" not in scope["query_string"]
    )


def _query_parameters(query_string: bytes) -> dict[str, Any]:
    try:
        given: dict[str, Any] = dict(
            parse_qsl(
                query_string.decode("ascii"),
                keep_blank_values=True,
                max_num_fields=PARAMETERS_MAX,
                errors="strict",
            )
        )
    except ValueError:
        raise _bad_json() from None
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = _json(given[name].encode()) if given[name] else None
    return given


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _bad_json() from None


def _bad_json() -> BadRequest:
    return BadRequest(400, "The request is not valid JSON.", "请求不是有效的 JSON。")


def _request(given: Any, *, read_only: bool) -> Request:
    if isinstance(given, list):
        raise BadRequest(
            400, "Send one operation a request, no batch.", "每个请求只能包含一个操作，不支持批量。"
        )
    if not isinstance(given, dict):
        raise BadRequest(400, "The request must be a JSON object.", "请求须为 JSON 对象。")
    query = given.get("query")
    if not isinstance(query, str) or not query:
        raise BadRequest(400, "`query` must be a GraphQL document.", "`query` 须为 GraphQL 文档。")
    variables = given.get("variables")
    if variables is None:
        variables = _NOTHING
    elif not isinstance(variables, dict):
        raise BadRequest(400, "`variables` must be an object.", "`variables` 须为对象。")
    operation_name = given.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise BadRequest(400, "`operationName` must be a string.", "`operationName` 须为字符串。")
    extensions = given.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise BadRequest(400, "`extensions` must be an object.", "`extensions` 须为对象。")
    return Request(query, variables, operation_name or None, read_only)


def _body(result: ExecutionResult, language: Language, *, refused: bool) -> tuple[str, bytes]:
    """Return the code that the request counts under, and the body."""
    if result.errors:
        errors = [present(error, language) for error in result.errors]
        code = str(errors[0]["extensions"]["code"])
        return code, orjson.dumps({"errors": errors, "data": result.data})
    return REFUSED if refused else OK, orjson.dumps({"data": result.data})


async def _send(
    send: Send, status: int, media_type: bytes, body: bytes, extra: Sequence[tuple[bytes, bytes]]
) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", media_type + b"; charset=utf-8"),
                (b"content-length", b"%d" % len(body)),
                (b"cache-control", b"no-store"),
                *extra,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
