"""Top-level errors: which code, which sentence, and what is never told.

A refused form is no error: it is a payload with `errors` (api/graphql/payloads.py). What is here
concerns the request itself. Everything unforeseen is INTERNAL: the caller gets an incident id, the
log gets the cause under the same id.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, Literal
from uuid import uuid4

import structlog
from graphql import GraphQLError

from domain.operations.request import request_id
from domain.rules.refusal import Refused

Language = Literal["zh", "en"]

_log = structlog.get_logger("liudai.api")
_VARIABLE = re.compile(r"^Variable '\$(?P<name>\w+)' has invalid value(?P<at>.*?): ", re.DOTALL)


class Code(StrEnum):
    """`extensions.code` of a top-level error."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    TIMEOUT = "TIMEOUT"
    INTERNAL = "INTERNAL"


class ApiError(GraphQLError):
    """An error that the caller may read, in both languages."""

    def __init__(self, code: Code, en: str, zh: str) -> None:
        super().__init__(en, extensions={"code": code.value})
        self.code = code
        self.en = en
        self.zh = zh

    def say(self, language: Language) -> str:
        """Return the sentence in the caller's language."""
        return self.zh if language == "zh" else self.en


def unauthenticated() -> ApiError:
    """Return the error of a caller without a token, or with one that is not accepted."""
    return ApiError(
        Code.UNAUTHENTICATED,
        "Sign in first: send a valid, unexpired bearer token in the Authorization header.",
        "请先登录：须在 Authorization 请求头中携带有效且未过期的令牌。",
    )


def forbidden(field: str) -> ApiError:
    """Return the error of a caller whose roles do not include `field`."""
    return ApiError(
        Code.FORBIDDEN,
        f"Your role does not allow {field}. Ask an administrator for the role it needs.",
        f"您的角色无权使用 {field}，如有需要请联系管理员授予相应角色。",
    )


def bad_input(en: str, zh: str) -> ApiError:
    """Return the error of a request that no form's error list can hold."""
    return ApiError(Code.BAD_USER_INPUT, en, zh)


def too_complex(en: str, zh: str) -> ApiError:
    """Return the error of a document beyond one of the limits."""
    return ApiError(Code.QUERY_TOO_COMPLEX, en, zh)


def timed_out(seconds: float) -> ApiError:
    """Return the error of a request that took longer than the setting allows."""
    return ApiError(
        Code.TIMEOUT,
        f"The request took longer than {seconds:g} seconds and was ended. Ask for less at once.",
        f"请求超过 {seconds:g} 秒，已被终止；请减少单次请求的数据量。",
    )


def is_callers_fault(error: BaseException) -> bool:
    """Whether `error` tells its reader to do something else; TIMEOUT and INTERNAL are our own."""
    if not isinstance(error, Exception):
        return False
    cause = _cause(error)
    if isinstance(cause, ApiError):
        return cause.code not in (Code.TIMEOUT, Code.INTERNAL)
    return isinstance(cause, Refused | GraphQLError)


def present(error: GraphQLError, language: Language) -> dict[str, Any]:
    """Return `error` as it is sent: safe, coded, in the caller's language.

    Logs an error that nobody foresaw, under the incident id that the caller gets.
    """
    cause = _cause(error)
    extensions: dict[str, Any]
    if isinstance(cause, ApiError):
        message = _with_place(error.message, cause, language)
        extensions = {"code": cause.code.value}
    elif isinstance(cause, Refused):
        message, extensions = _refusal(cause, language)
    elif isinstance(cause, GraphQLError):
        message = error.message
        extensions = {"code": Code.BAD_USER_INPUT.value, **(cause.extensions or {})}
    else:
        message, extensions = _internal(cause, error, language)
    shown: dict[str, Any] = {"message": message}
    if error.locations:
        shown["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    if error.path:
        shown["path"] = error.path
    shown["extensions"] = extensions
    return shown


def _cause(error: Exception) -> Exception:
    """Return what was raised first; graphql-core wraps it once for each level."""
    while isinstance(error, GraphQLError) and error.original_error is not None:
        error = error.original_error
    return error


def _with_place(said: str, cause: ApiError, language: Language) -> str:
    """Keep graphql-core's "Variable '$input' has invalid value at …" in front of our sentence."""
    if found := _VARIABLE.match(said):
        if language == "en":
            return found.group(0) + cause.en
        return f"变量 ${found['name']}{found['at'].replace(' at ', ' ')} 的值无效：{cause.zh}"
    return cause.say(language)


def _refusal(refusal: Refused, language: Language) -> tuple[str, dict[str, Any]]:
    """A query has no payload to carry its problems, so the error carries them all."""
    problems = [
        {
            "code": problem.code.value,
            "message": problem.zh if language == "zh" else problem.en,
            "path": list(problem.path),
        }
        for problem in refusal.problems
    ]
    return str(problems[0]["message"]), {"code": Code.BAD_USER_INPUT.value, "errors": problems}


def _internal(
    cause: Exception, error: GraphQLError, language: Language
) -> tuple[str, dict[str, Any]]:
    incident = request_id.get() or str(uuid4())
    _log.error("internal_error", incident_id=incident, path=error.path, exc_info=cause)
    if language == "zh":
        message = f"系统内部错误，请稍后重试；如仍出现，请提供事件编号 {incident}。"
    else:
        message = f"Something went wrong on our side. Try again later, or report {incident}."
    return message, {"code": Code.INTERNAL.value, "incidentId": incident}
