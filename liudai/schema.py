"""`liudai schema`: prints the contract from the code, or says whether the file is in step."""

from __future__ import annotations

from pathlib import Path

from liudai.errors import LiudaiError


def run(*, output: Path | None, check: Path | None) -> int:
    """Write the schema to `output` (None: standard output), or compare it with `check`."""
    from api.graphql.schema import get_schema

    text = get_schema().as_str().rstrip() + "\n"
    if check is not None:
        if not check.exists() or check.read_text(encoding="utf-8") != text:
            raise LiudaiError(f"{check} is not in step with the code: run make schema")
        return 0
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, encoding="utf-8")
    return 0
