"""Every setting of Liudai, read from the environment (prefix `LIUDAI_`) or from a `.env` file.

The table in docs/settings.md is printed from the descriptions here, so they are written for the
operator who sets them.
"""

from __future__ import annotations

import base64
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

EMBEDDED = "embedded"


class Settings(BaseSettings):
    """The settings as read at start; wrong ones are refused there, by name."""

    model_config = SettingsConfigDict(env_prefix="LIUDAI_", env_file=".env", extra="ignore")

    env: Literal["development", "production"] = Field(
        "development",
        description="production refuses local-key tokens, the demo seed and generated secrets.",
    )
    home: Path = Field(
        Path("var"), description="Folder of the embedded default: database, Redis, models, keys."
    )
    profile: Literal["CN", "GENERIC"] = Field(
        "CN", description="Policy profile for new borrowers: CN (Chinese law) or GENERIC (none)."
    )

    database_url: str = Field(
        "",
        description="mysql://user:password@host:3306/name or sqlite:///path; empty: in home.",
    )
    database_pool_size: int = Field(
        10, ge=1, le=200, description="Connections a process keeps to MySQL or MariaDB."
    )
    redis_url: str = Field(
        EMBEDDED,
        description="redis://host:6379/0 or unix:///path; embedded: the supervisor starts one.",
    )
    redis_prefix: str = Field(
        "liudai", pattern=r"^[a-z0-9_-]{1,40}$", description="Prefix of every Redis key we write."
    )
    artefacts_url: str = Field(
        "", description="Folder of model artefacts as an fsspec URL (file://, s3://); empty: home."
    )

    host: str = Field("127.0.0.1", description="Address the API binds.")
    port: int = Field(8000, ge=1, le=65535, description="Port the API binds.")
    api_processes: int = Field(1, ge=1, le=64, description="API processes the supervisor keeps.")
    worker_processes: int = Field(1, ge=1, le=64, description="Worker processes it keeps.")
    worker_threads: int = Field(4, ge=1, le=64, description="Threads in each worker process.")
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token, of 16 or more characters, that GET /metrics asks for. Empty: "
        "open in development, absent in production.",
    )
    metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port on which a worker that no supervisor started answers GET /metrics, by "
        "the same token; 0: none. With liudai up the API tells of the workers as well.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least level that is logged."
    )

    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Base64 of 32 random bytes: encrypts resident IDs and account numbers. "
        "Empty in development: generated once in home.",
    )
    backup_key: SecretStr = Field(
        SecretStr(""),
        description="Base64 of 32 random bytes: encrypts backups. Only the backup commands need "
        "it. Empty in development: generated once in home.",
    )
    local_key: SecretStr = Field(
        SecretStr(""),
        description="Key of locally issued tokens (development only). Empty: generated in home.",
    )
    oidc_issuer: str = Field("", description="Issuer of bearer tokens (required in production).")
    oidc_audience: str = Field("", description="Audience the tokens must name.")
    oidc_jwks_url: str = Field("", description="Where the issuer publishes its keys (JWKS).")
    actor_cache_seconds: float = Field(
        5.0, ge=0, le=60, description="How long a person's roles are kept until read again."
    )

    cors_origins: list[str] = Field(
        default_factory=list, description='Origins a browser may call from, as JSON: ["https://…"].'
    )
    ws_origins: list[str] = Field(
        default_factory=list,
        description="Origins a browser may open a WebSocket from; empty: the same host only.",
    )
    max_body_bytes: int = Field(
        262_144, ge=1_024, le=16_777_216, description="Largest request body that is read."
    )
    request_timeout_seconds: float = Field(
        15.0, gt=0, le=300, description="A GraphQL request that takes longer is ended with TIMEOUT."
    )
    subscriptions_per_connection: int = Field(
        10, ge=1, le=1000, description="Subscriptions one WebSocket may hold."
    )
    websocket_connections: int = Field(
        500, ge=1, le=100_000, description="WebSockets one API process holds."
    )
    graphql_max_depth: int = Field(12, ge=3, le=50, description="Deepest selection accepted.")
    graphql_max_aliases: int = Field(30, ge=1, le=1000, description="Most aliases in a document.")
    graphql_max_tokens: int = Field(2_000, ge=100, le=100_000, description="Most tokens in it.")
    graphql_max_cost: int = Field(
        20_000, ge=100, le=10_000_000, description="Largest static cost; page sizes multiply."
    )

    model_poll_seconds: float = Field(
        2.0, gt=0, le=60, description="How often an API process asks which model is champion."
    )
    job_lease_seconds: int = Field(
        30,
        ge=2,
        le=3600,
        description="A job whose worker is silent this long is lost, and requeued.",
    )
    sweep_seconds: float = Field(
        2.0, gt=0, le=300, description="How often the sweeper re-sends work, seals audit rows."
    )

    payment_account: str = Field(
        "", description="Our own account at the bank, from which exported orders are paid."
    )
    payment_account_name: str = Field(
        "Liudai", description="Holder of that account, as the bank has it."
    )

    @property
    def sqlite(self) -> bool:
        """Whether the embedded database is used."""
        return self.database_url.startswith("sqlite")

    @property
    def production(self) -> bool:
        """Whether this is a production deployment."""
        return self.env == "production"

    @property
    def metrics_served(self) -> bool:
        """Whether GET /metrics is there: in production only for who has a token."""
        return bool(self.metrics_token.get_secret_value()) or not self.production

    @property
    def metrics_folder(self) -> Path:
        """Where the processes of one supervisor keep their counts."""
        return self.home / "metrics"

    @property
    def secret_bytes(self) -> bytes:
        """The 32 bytes that encrypt columns."""
        return base64.b64decode(self.secret_key.get_secret_value(), validate=True)

    @property
    def backup_bytes(self) -> bytes:
        """The 32 bytes that encrypt backups; none when the setting is empty."""
        return base64.b64decode(self.backup_key.get_secret_value(), validate=True)

    @model_validator(mode="after")
    def _derive(self) -> Self:
        self.home = self.home.absolute()
        if not self.database_url:
            self.database_url = f"sqlite://{self.home / 'liudai.sqlite3'}"
        if not self.database_url.startswith(("sqlite://", "mysql://")):
            raise ValueError("LIUDAI_DATABASE_URL must start with mysql:// or sqlite://")
        if self.redis_url != EMBEDDED and not self.redis_url.startswith(
            ("redis://", "rediss://", "unix://")
        ):
            raise ValueError("LIUDAI_REDIS_URL must be embedded, redis://…, rediss://… or unix://…")
        if not self.artefacts_url:
            self.artefacts_url = (self.home / "models").as_uri()
        if 0 < len(self.metrics_token.get_secret_value()) < 16:
            raise ValueError("LIUDAI_METRICS_TOKEN needs 16 characters or more: it can be guessed")
        if self.production:
            self._require_production()
        else:
            self._generate_keys()
        _require_32_bytes("LIUDAI_SECRET_KEY", self.secret_key)
        if self.backup_key.get_secret_value():
            _require_32_bytes("LIUDAI_BACKUP_KEY", self.backup_key)
        return self

    def _require_production(self) -> None:
        if self.local_key.get_secret_value():
            raise ValueError("LIUDAI_LOCAL_KEY is refused with LIUDAI_ENV=production: use OIDC")
        needed = {
            "LIUDAI_SECRET_KEY": self.secret_key.get_secret_value(),
            "LIUDAI_OIDC_ISSUER": self.oidc_issuer,
            "LIUDAI_OIDC_AUDIENCE": self.oidc_audience,
            "LIUDAI_OIDC_JWKS_URL": self.oidc_jwks_url,
        }
        absent = [name for name, value in needed.items() if not value]
        if absent:
            raise ValueError(f"LIUDAI_ENV=production needs {', '.join(absent)}")
        for name, key in {
            "LIUDAI_SECRET_KEY": self.secret_key.get_secret_value(),
            "LIUDAI_BACKUP_KEY": self.backup_key.get_secret_value(),
        }.items():
            if key and len(set(key)) < 8:  # AAAA…, the usual placeholder
                raise ValueError(f"{name} is a placeholder: generate 32 random bytes")

    def _generate_keys(self) -> None:
        if not self.secret_key.get_secret_value():
            self.secret_key = SecretStr(self._kept_key("secret.key"))
        if not self.local_key.get_secret_value():
            self.local_key = SecretStr(self._kept_key("local.key"))
        if not self.backup_key.get_secret_value():
            self.backup_key = SecretStr(self._kept_key("backup.key"))

    def _kept_key(self, name: str) -> str:
        """Read the key kept in home, made there at the first start (by whoever comes first)."""
        path = self.home / "keys" / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = path.with_suffix(f".{secrets.token_hex(8)}")
            fresh.touch(mode=0o600)
            fresh.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
            try:
                path.hardlink_to(fresh)  # atomic, and refuses to replace another process's key
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_text()


def _require_32_bytes(name: str, key: SecretStr) -> None:
    try:
        right = len(base64.b64decode(key.get_secret_value(), validate=True)) == 32
    except ValueError:
        right = False
    if not right:
        raise ValueError(f"{name} must be the base64 of exactly 32 bytes")


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings, read once per process."""
    return Settings()  # type: ignore[call-arg]  # every field has a default or comes from the env
