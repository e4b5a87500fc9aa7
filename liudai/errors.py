"""The error whose sentence is the whole answer: one line on stderr and an exit code."""

from __future__ import annotations

EXIT_FAILED = 1
EXIT_USAGE = 2


class LiudaiError(Exception):
    """Something the operator can mend. The message says what is wrong and what to do."""

    def __init__(self, message: str, *, exit_code: int = EXIT_FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code
