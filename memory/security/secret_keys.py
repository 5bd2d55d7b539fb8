"""Keys for one purpose each, derived from SECRET_KEY."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from enum import StrEnum

SHORTEST_SECRET = 32  # characters; RFC 7518 asks HS256 for a key of 256 bits
HASH_BYTES = 32
NONCE_BYTES = 16


class KeyPurpose(StrEnum):
    """The label from which HKDF makes a key. Never changed: what was signed or sealed under it would be lost."""

    TOKENS = "hawker bearer tokens"
    CHARTS = "hawker chart addresses"
    RECEIPTS = "hawker erasure receipts"
    REGISTER = "hawker register of erased people"
    CHECKPOINTS = "hawker audit checkpoints"


# Until 0.2.0 these were signed with the secret itself. What was signed then had to begin in a way of its own (a JWT,
# "receipt", "hawker chart"), so that none can be taken for another.
_SIGNED_WITH_THE_SECRET = (KeyPurpose.TOKENS, KeyPurpose.CHARTS, KeyPurpose.RECEIPTS)


class SecretTooShort(ValueError):
    pass


class NotOurs(Exception):
    """No secret of SECRET_KEY opens this."""


@dataclass(frozen=True, slots=True)
class SecretKeys:
    """`SECRET_KEY=new,old`: the first secret signs, all of them verify."""

    secrets: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, setting: str) -> SecretKeys:
        """Secrets separated by commas, the newest first. Raises SecretTooShort.

        Commas between parts that are all too short for a secret belong to one secret.
        """
        parts = [each.strip() for each in setting.split(",")]
        if len(setting.strip()) >= SHORTEST_SECRET > max(map(len, parts)):
            parts = [setting.strip()]
        if min(map(len, parts)) < SHORTEST_SECRET:
            raise SecretTooShort(f"must have at least {SHORTEST_SECRET} characters, each of new,old, too")
        return cls(tuple(dict.fromkeys(parts)))

    def signing(self, purpose: KeyPurpose) -> bytes:
        """The key that new things are signed with."""
        return derived(self.secrets[0], purpose)

    def verifying(self, purpose: KeyPurpose) -> list[bytes]:
        """The keys that an existing thing may be signed with, newest first, then those of 0.2.0."""
        keys = [derived(secret, purpose) for secret in self.secrets]
        if purpose in _SIGNED_WITH_THE_SECRET:
            keys += [secret.encode() for secret in self.secrets]
        return keys

    def sign(self, purpose: KeyPurpose, text: str) -> bytes:
        """HMAC-SHA256."""
        return hmac.digest(self.signing(purpose), text.encode(), hashlib.sha256)

    def signed(self, purpose: KeyPurpose, text: str, signature: bytes) -> bool:
        """Whether one of the keys made this signature of the text."""
        made = [hmac.digest(key, text.encode(), hashlib.sha256) for key in self.verifying(purpose)]
        return any(hmac.compare_digest(each, signature) for each in made)

    def seal(self, purpose: KeyPurpose, content: bytes) -> str:
        """Encrypt at most 8,160 bytes with the newest secret (a one-time stream from HKDF, then HMAC-SHA256)."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return (nonce + _sealed(self.signing(purpose), nonce, content)).hex()

    def unseal(self, purpose: KeyPurpose, sealed: str) -> bytes:
        """What `seal` encrypted under any of the secrets. Raises NotOurs."""
        try:
            raw = bytes.fromhex(sealed)
        except ValueError as error:
            raise NotOurs("this is not a sealed key") from error
        nonce, hidden, tag = raw[:NONCE_BYTES], raw[NONCE_BYTES:-HASH_BYTES], raw[-HASH_BYTES:]
        for secret in self.secrets:
            content = _stream(derived(secret, purpose), nonce, hidden)
            if hmac.compare_digest(_sealed(derived(secret, purpose), nonce, content)[-HASH_BYTES:], tag):
                return content
        raise NotOurs("no secret of SECRET_KEY opens this")


def derived(secret: str, purpose: KeyPurpose) -> bytes:
    """A key of 256 bits."""
    return hkdf(secret.encode(), b"", purpose.encode(), HASH_BYTES)


def hkdf(secret: bytes, salt: bytes, label: bytes, length: int) -> bytes:
    """RFC 5869 with SHA-256; at most 8,160 bytes."""
    if length > 255 * HASH_BYTES:
        raise ValueError(f"HKDF gives at most {255 * HASH_BYTES} bytes")
    extracted = hmac.digest(salt or bytes(HASH_BYTES), secret, hashlib.sha256)
    made, block = b"", b""
    while len(made) < length:
        block = hmac.digest(extracted, block + label + bytes([len(made) // HASH_BYTES + 1]), hashlib.sha256)
        made += block
    return made[:length]


def _stream(key: bytes, nonce: bytes, content: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(content, hkdf(key, nonce, b"stream", len(content)), strict=True))


def _sealed(key: bytes, nonce: bytes, content: bytes) -> bytes:
    hidden = _stream(key, nonce, content)
    return hidden + hmac.digest(hkdf(key, nonce, b"tag", HASH_BYTES), nonce + hidden, hashlib.sha256)
