"""Settings of one installation: from the environment, else from `kumiko.toml` in its home, validated once."""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kumiko.host.database import normalise_url
from kumiko.host.errors import ConfigError

LOG_LEVELS = ("debug", "info", "warning", "error")
_KEYS = {"database_url", "secret_key", "base_url", "log", "workers", "threads"}


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything a process must know before it opens the database. Make one with `load`."""

    home: Path
    database_url: str
    secret_key: str
    base_url: str = "http://127.0.0.1:8000"
    log: str = "info"
    workers: int = 1  # web processes of `kumiko serve`
    threads: int = 1  # per web process; one is fastest (peers.md section 4)

    @property
    def secure(self) -> bool:
        """Whether people reach the server by https: then cookies are `Secure`."""
        return self.base_url.startswith("https://")

    def with_base_url(self, base_url: str) -> Config:
        return replace(self, base_url=_base_url(base_url))


def load(environ: Mapping[str, str] | None = None, *, home: Path | None = None) -> Config:
    """Read the settings; KUMIKO_* variables win over `kumiko.toml`. ConfigError says what is wrong with which one.

    Makes the home folder and, on the first call, its secret key.
    """
    env = os.environ if environ is None else environ
    folder = (home or Path(env.get("KUMIKO_HOME") or "instance")).expanduser().resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise ConfigError(f"KUMIKO_HOME: the folder {folder} cannot be made ({fault.strerror})") from fault
    kept = _read_file(folder / "kumiko.toml")

    def value(key: str) -> str:
        return str(env.get(f"KUMIKO_{key.upper()}") or kept.get(key) or "").strip()

    url = value("database_url") or f"sqlite:///{folder / 'kumiko.db'}"
    normalise_url(url)
    log = value("log").lower() or "info"
    if log not in LOG_LEVELS:
        raise ConfigError(f"KUMIKO_LOG is {log!r}; wanted one of {', '.join(LOG_LEVELS)}")
    return Config(
        home=folder,
        database_url=url,
        secret_key=value("secret_key") or _kept_secret(folder / "secret_key"),
        base_url=_base_url(value("base_url") or "http://127.0.0.1:8000"),
        log=log,
        workers=_count("workers", value("workers")),
        threads=_count("threads", value("threads")),
    )


def _read_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        kept = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ConfigError(f"{path} cannot be read: {fault}") from fault
    unknown = sorted(set(kept) - _KEYS)
    if unknown:
        raise ConfigError(f"{path} has unknown settings: {', '.join(unknown)}; known are {', '.join(sorted(_KEYS))}")
    return kept


def _kept_secret(path: Path) -> str:
    """The secret in the home folder, made once; readable by its owner alone."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = path.read_text("ascii").strip()
        if len(kept) < 32:
            raise ConfigError(
                f"{path} holds no secret key of at least 32 characters; delete it to get a new one"
            ) from None
        return kept
    except OSError as fault:
        raise ConfigError(f"{path} cannot be written ({fault.strerror}); set KUMIKO_SECRET_KEY instead") from fault
    made = secrets.token_hex(32)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(made)
    return made


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"KUMIKO_BASE_URL is {text!r}; wanted an address such as https://crm.example.com")
    return text.rstrip("/")


def _count(key: str, text: str) -> int:
    if not text:
        return 1
    if not text.isdigit() or not 1 <= int(text) <= 64:
        raise ConfigError(f"KUMIKO_{key.upper()} is {text!r}; wanted a whole number from 1 to 64")
    return int(text)
