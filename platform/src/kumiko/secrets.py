"""Secrets at rest: passwords and tokens of other systems, sealed with a key derived from KUMIKO_SECRET_KEY.

A database or an archive alone gives none of them away; with another secret key they must be entered again.
"""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kumiko.host.context import current
from kumiko.host.errors import Conflict, ScopeError
from kumiko.host.i18n import gettext as _

_MARK = "sealed:1:"


def seal(text: str) -> str:
    """`text` as it may be stored; "" stays ""."""
    return _MARK + _box().encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str) -> str:
    """What `seal` was given. Conflict, with a sentence, when it was sealed with another secret key or was changed."""
    if not sealed:
        return ""
    try:
        if not sealed.startswith(_MARK):
            raise InvalidToken
        return _box().decrypt(sealed.removeprefix(_MARK).encode()).decode()
    except (InvalidToken, UnicodeError):
        raise Conflict(
            _("A stored password cannot be read: it was saved with another secret key. Enter it again.")
        ) from None


def _box() -> Fernet:
    generation = current().generation
    if generation is None:
        raise ScopeError("secrets are sealed and read inside of a generation, which knows the secret key")
    return _box_of(generation.config.secret_key)


@lru_cache(maxsize=4)
def _box_of(secret_key: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"kumiko secrets at rest").derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
