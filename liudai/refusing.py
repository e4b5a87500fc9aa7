"""Turns an exception into the line an operator reads."""

from __future__ import annotations

import re

from pydantic import ValidationError
from pydantic_settings import SettingsError
from typer import TyperException

from liudai.errors import EXIT_FAILED, EXIT_USAGE, LiudaiError

_PREFIX = "LIUDAI_"
_FIELD = re.compile(r'field "(\w+)"')


def explain(error: Exception) -> tuple[list[str], int]:
    """Return one line for each thing to mend, and the exit code (2: how it was called or set)."""
    if isinstance(error, LiudaiError):
        return [str(error)], error.exit_code
    if isinstance(error, ValidationError):
        return wrong_settings(error), EXIT_USAGE
    if isinstance(error, SettingsError):
        named = _FIELD.search(str(error))
        field = named.group(1).upper() if named else ""
        return [f"{_PREFIX}{field}: is not the JSON this setting needs"], EXIT_USAGE
    if isinstance(error, TyperException):
        message = error.format_message()  # empty when the help was printed instead
        return [_one_line(message)] if message else [], EXIT_USAGE
    if isinstance(error, OSError) and error.strerror:
        about = f": {error.filename}" if error.filename else ""
        return [f"{error.strerror}{about}"], EXIT_FAILED
    if isinstance(error, ModuleNotFoundError):
        return [f"{error.name} is not installed: run make setup"], EXIT_FAILED
    from domain.db import DBConnectionError  # late: this loads the ORM

    if isinstance(error, DBConnectionError):
        return [f"{unreachable(error)}: start it, create it, or correct the URL"], EXIT_FAILED
    return [
        f"{type(error).__name__}: {_one_line(str(error))} "
        "(set LIUDAI_LOG_LEVEL=DEBUG for the whole story)"
    ], EXIT_FAILED


def unreachable(error: BaseException) -> str:
    """Return that the database does not answer, with the driver's reason (it names no password)."""
    why = error.__cause__ or error.__context__ or error
    reason = _one_line(str(why.args[-1])) if why.args else type(why).__name__
    return f"the database of LIUDAI_DATABASE_URL does not answer ({reason})"


def wrong_settings(error: ValidationError) -> list[str]:
    """Return a line for each wrong setting, by the variable's name, without its value."""
    lines = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        message = problem["msg"].removeprefix("Value error, ")
        name = "_".join(str(part) for part in problem["loc"][:1]).upper()
        lines.append(f"{_PREFIX}{name}: {message}" if name else message)
    return lines


def _one_line(text: str) -> str:
    return " ".join(text.split())
