"""`python -m domain.settings_table`: the table of docs/settings.md, from the settings themselves.

A test asserts that the page holds exactly this table.
"""

from __future__ import annotations

from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from domain.settings import Settings

_HEADER = ("Setting", "Default", "Takes", "What it is")
_TYPES = {"str": "text", "Path": "path", "int": "whole number", "float": "number"}
_SECRET, _LIST = "SecretStr", "list"


def settings_table() -> str:
    """Return the table as Markdown: one row a setting, in the order of the class."""
    prefix = str(Settings.model_config.get("env_prefix"))
    rows = [
        (f"`{prefix}{name.upper()}`", _default(field), _takes(field), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    lines = [_HEADER, tuple("---" for _ in _HEADER), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined or _type_name(field) == _SECRET or value == "":
        return "empty"
    return f"`{value}`"


def _takes(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(field.annotation))
    kind = _type_name(field)
    if kind == _SECRET:
        return "secret text"
    if kind == _LIST:
        return "JSON list"
    found = {
        sign: getattr(bound, name)
        for bound in field.metadata
        for name, sign in (("ge", "from"), ("gt", "above"), ("le", "to"), ("pattern", "matching"))
        if getattr(bound, name, None) is not None
    }
    if "matching" in found:
        return f"{_TYPES[kind]} matching `{found['matching']}`"
    bounds = "".join(f" {sign} {value}" for sign, value in found.items())
    return f"{_TYPES[kind]}{',' if bounds else ''}{bounds}"


def _type_name(field: FieldInfo) -> str:
    kind = get_origin(field.annotation) or field.annotation
    return getattr(kind, "__name__", str(kind))


if __name__ == "__main__":
    print(settings_table())
