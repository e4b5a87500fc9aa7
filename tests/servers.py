"""The servers the tests run on: SQLite always, MariaDB/MySQL and Redis where they can be reached.

Only databases named liudai_test_* are made and dropped, Redis keys carry a prefix of their own, and
no server is ever flushed.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pymysql
import redis

DATABASE_URL = os.environ.get("LIUDAI_TEST_DATABASE_URL", "mysql://root@127.0.0.1:3306")
REDIS_URL = os.environ.get("LIUDAI_TEST_REDIS_URL", "redis://127.0.0.1:6379")
CI = os.environ.get("CI", "").lower() == "true"


def _reachable(url: str, default_port: int) -> bool:
    parts = urlsplit(url)
    try:
        address = (parts.hostname or "127.0.0.1", parts.port or default_port)
        with socket.create_connection(address, timeout=1):
            return True
    except OSError:
        return False


MYSQL = _reachable(DATABASE_URL, 3306)
REDIS = _reachable(REDIS_URL, 6379)


def absent() -> list[str]:
    """Name the servers that cannot be reached, with the setting that says where they are."""
    found = []
    if not MYSQL:
        found.append(f"MariaDB/MySQL (LIUDAI_TEST_DATABASE_URL={DATABASE_URL})")
    if not REDIS:
        found.append(f"Redis (LIUDAI_TEST_REDIS_URL={REDIS_URL})")
    return found


def fresh_prefix() -> str:
    """Return a Redis key prefix that nobody else has."""
    return f"liudai_test_{secrets.token_hex(4)}"


@contextmanager
def redis_keys(prefix: str) -> Iterator[str]:
    """Yield `prefix`, and in the end delete the keys that begin with it, and no others."""
    try:
        yield prefix
    finally:
        if REDIS:
            with redis.Redis.from_url(REDIS_URL) as client:
                for key in client.scan_iter(f"{prefix}:*"):
                    client.delete(key)


@contextmanager
def mysql_database() -> Iterator[str]:
    """Make an empty database and yield its URL; drop it in the end."""
    parts = urlsplit(DATABASE_URL)
    name = f"liudai_test_{secrets.token_hex(6)}"
    server = pymysql.connect(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=parts.username or "root",
        password=parts.password or "",
        autocommit=True,
    )
    with server:
        with server.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        try:
            yield f"{DATABASE_URL.rstrip('/')}/{name}"
        finally:
            with server.cursor() as cursor:
                cursor.execute(f"DROP DATABASE {name}")
