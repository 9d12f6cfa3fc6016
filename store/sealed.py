"""Content that rests encrypted: AES-256-GCM (NIST SP 800-38D), the key by a secret reference.

A sealed text is a version byte, 12 bytes of nonce, then ciphertext and tag. `bound_to` is what the content
belongs to; it is not in the text, and opening it as something else's fails.
"""

from __future__ import annotations

import base64
import binascii
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from store.errors import RecordRefused

KEY_BYTES: Final = 32
_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12


def new_key() -> str:
    """A fresh random key as text."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def read_key(text: str) -> bytes:
    """The key behind its text. Raises RecordRefused."""
    try:
        key = base64.urlsafe_b64decode(text.strip().encode())
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise RecordRefused(
            "the mailbox key",
            f"it is not {KEY_BYTES} bytes in base64",
            "Make one: head -c 32 /dev/urandom | base64",
        )
    return key


def seal(key: bytes, content: bytes, bound_to: str) -> bytes:
    """The content encrypted; every call gives another text."""
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, content, _VERSION + bound_to.encode())


def unseal(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    """The content back. Raises RecordRefused when key, text or what it belongs to is another."""
    nonce, text = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, text, _VERSION + bound_to.encode())
    except (InvalidTag, ValueError):  # ValueError: cut so short that there is no nonce
        raise RecordRefused(
            bound_to, "it cannot be decrypted", "Use the mailbox key that was in force when it came"
        ) from None
