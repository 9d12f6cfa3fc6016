"""Content of any length that rests encrypted, part by part and in constant memory: AES-256-GCM as a stream
(the STREAM construction: Hoang, Reyhanitabar, Rogaway, Vizár 2015), so that it is noticed when parts are cut
off, left out, doubled or in another order, and not only when one was changed.

A sealed part is a version byte, 16 bytes of salt (the same in all parts), ciphertext and tag. Every stream
has a key of its own: HKDF-SHA256 (RFC 5869) of the key, the salt and what the content belongs to. A part's
nonce is its number; its number and whether it is the last one are authenticated with it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from store.errors import RecordRefused
from store.sealed import KEY_BYTES

#: The first byte of every part; store.sealed has another one.
VERSION: Final = b"\x02"
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_HEAD_BYTES: Final = len(VERSION) + _SALT_BYTES


def seal_stream(key: bytes, parts: Iterable[bytes], bound_to: str) -> Iterator[bytes]:
    """The parts encrypted, in order, each 33 bytes longer; of no parts an empty one. Reads one part ahead."""
    salt = os.urandom(_SALT_BYTES)
    cipher, left = _cipher(key, salt, bound_to), iter(parts)
    part = next(left, b"")
    for number in count(1):
        following = next(left, None)
        about = _about(number, bound_to, last=following is None)
        yield VERSION + salt + cipher.encrypt(_nonce(number), part, about)
        if following is None:
            return
        part = following


def unseal_stream(key: bytes, sealed: Iterable[bytes], bound_to: str) -> Iterator[bytes]:
    """The parts back, in order. Raises RecordRefused when key, parts or what they belong to are others, at
    the first part that is not as it was: throw away what came before it."""
    left = iter(sealed)
    part = next(left, b"")
    salt = part[len(VERSION) : _HEAD_BYTES]
    cipher = _cipher(key, salt, bound_to)
    for number in count(1):
        following = next(left, None)
        about = _about(number, bound_to, last=following is None)
        if part[:_HEAD_BYTES] != VERSION + salt:
            raise _refused(number, bound_to)
        try:
            yield cipher.decrypt(_nonce(number), part[_HEAD_BYTES:], about)
        except (InvalidTag, ValueError):  # ValueError: cut so short that there is no tag
            raise _refused(number, bound_to) from None
        if following is None:
            return
        part = following


def _cipher(key: bytes, salt: bytes, bound_to: str) -> AESGCM:
    info = f"fernamt stream of {bound_to}".encode()
    return AESGCM(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=info).derive(key))


def _nonce(number: int) -> bytes:
    """No two parts of a stream have the same, and no two streams the same key."""
    return number.to_bytes(_NONCE_BYTES, "big")


def _about(number: int, bound_to: str, *, last: bool) -> bytes:
    return VERSION + f"part {number}{', the last,' if last else ''} of {bound_to}".encode()


def _refused(number: int, bound_to: str) -> RecordRefused:
    return RecordRefused(
        f"part {number} of {bound_to}",
        "it cannot be decrypted: the key is another, or parts were changed, cut off or exchanged",
        "Use the mailbox key that was in force when it came; else bring it back from a backup",
    )
