"""Encrypted columns: AES-256-GCM, and a keyed blind index by which equal values are found.

The column's name is bound to the ciphertext as associated data, so a value copied into another
column does not decrypt. Two subkeys are derived from LIUDAI_SECRET_KEY: one encrypts, one indexes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.settings import get_settings

NONCE_BYTES = 12


def encrypt(text: str, *, column: str) -> str:
    """Return nonce and ciphertext of `text` for `column` (`borrower.resident_id`), as base64."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(_subkey("encrypt")).encrypt(nonce, text.encode(), column.encode())
    return base64.b64encode(nonce + sealed).decode()


def decrypt(stored: str, *, column: str) -> str:
    """Return the text behind `stored`. Raises `cryptography.exceptions.InvalidTag` if altered."""
    raw = base64.b64decode(stored)
    nonce, ciphertext = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
    return AESGCM(_subkey("encrypt")).decrypt(nonce, ciphertext, column.encode()).decode()


def blind_index(text: str, *, column: str) -> str:
    """Return the keyed hash by which an equal value in `column` is found."""
    message = f"{column}\0{text}".encode()
    return hmac.new(_subkey("index"), message, hashlib.sha256).hexdigest()


def _subkey(use: str) -> bytes:
    return _derived(use, get_settings().secret_bytes)


@lru_cache(maxsize=4)
def _derived(use: str, secret: bytes) -> bytes:
    return hmac.new(secret, f"liudai {use}".encode(), hashlib.sha256).digest()
