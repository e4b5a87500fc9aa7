"""Settings: what production refuses, and what a wrong one says."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from domain.settings import Settings

KEY = base64.b64encode(bytes(range(32))).decode()
PRODUCTION = {
    "env": "production",
    "secret_key": KEY,
    "oidc_issuer": "https://id.example",
    "oidc_audience": "liudai",
    "oidc_jwks_url": "https://id.example/keys",
}


def settings(home: Path, **given: Any) -> Settings:
    return Settings(_env_file=None, home=home, **given)


def test_development_makes_its_keys_once_and_keeps_them(tmp_path: Path) -> None:
    first, second = settings(tmp_path), settings(tmp_path)
    assert first.secret_bytes == second.secret_bytes
    assert len(first.secret_bytes) == 32
    assert first.local_key == second.local_key
    assert first.backup_bytes == second.backup_bytes != first.secret_bytes
    for name in ("secret.key", "local.key", "backup.key"):
        assert os.stat(tmp_path / "keys" / name).st_mode & 0o077 == 0


def test_production_stands_with_all_it_needs_and_makes_no_keys(tmp_path: Path) -> None:
    found = settings(tmp_path, **PRODUCTION)
    assert found.production
    assert found.backup_bytes == b""
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"secret_key": ""}, "LIUDAI_SECRET_KEY"),
        ({"secret_key": base64.b64encode(bytes(32)).decode()}, "placeholder"),
        ({"secret_key": "c2hvcnQga2V5IG9mIG5vIHVzZQ=="}, "32 bytes"),
        (
            {"backup_key": base64.b64encode(bytes(32)).decode()},
            "LIUDAI_BACKUP_KEY is a placeholder",
        ),
        ({"backup_key": "c2hvcnQga2V5IG9mIG5vIHVzZQ=="}, "LIUDAI_BACKUP_KEY must be"),
        ({"oidc_issuer": ""}, "LIUDAI_OIDC_ISSUER"),
        ({"oidc_audience": ""}, "LIUDAI_OIDC_AUDIENCE"),
        ({"oidc_jwks_url": ""}, "LIUDAI_OIDC_JWKS_URL"),
        ({"local_key": "x" * 40}, "LIUDAI_LOCAL_KEY"),
    ],
)
def test_production_refuses(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        settings(tmp_path, **{**PRODUCTION, **changed})


@pytest.mark.parametrize(
    "wrong",
    [
        {"database_url": "postgres://x"},
        {"redis_url": "http://x"},
        {"port": 0},
        {"redis_prefix": "a b"},
        {"env": "staging"},
    ],
)
def test_a_wrong_setting_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(tmp_path, **wrong)
