"""`liudai train`: what it refuses before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from domain.settings import get_settings
from liudai.errors import EXIT_USAGE, LiudaiError
from liudai.training import run


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"algorithm": "ORACLE"}, "algorithms are LOGISTIC_REGRESSION, RANDOM_FOREST"),
        ({"recipe": "sba"}, "name it with --csv"),
        ({"csv": Path("/nowhere/x.csv")}, "/nowhere/x.csv: No such file"),
    ],
)
def test_a_wrong_call_starts_nothing(
    changes: dict[str, Any], said: str, environment: pytest.MonkeyPatch
):
    given = {"recipe": "synthetic", "csv": None, "algorithm": "RANDOM_FOREST", "seed": 0}
    with pytest.raises(LiudaiError, match=said) as refusal:
        run(**{**given, **changes})
    assert refusal.value.exit_code == EXIT_USAGE
    assert {path.name for path in get_settings().home.iterdir()} <= {"keys"}
