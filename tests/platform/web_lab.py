"""An installation with the sample types and a signed-in browser that reads pages as a person would."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import access_lab
from access_lab import Browser, Lab, statements, token_in
from werkzeug.test import TestResponse

__all__ = ["Person", "access_lab", "open_lab", "statements", "text_of"]


class Person:
    """A signed-in browser; posts carry the token of its last page."""

    def __init__(self, lab: Lab, email: str) -> None:
        self.browser: Browser = lab.browser()
        self.browser.sign_in(email)
        self.token = token_in(self.browser.get("/topics"))

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.browser.get(path, **headers)

    def fragment(self, path: str, **headers: str) -> TestResponse:
        """As the page's script asks."""
        return self.browser.get(path, HX_Request="true", **headers)

    def post(self, path: str, data: dict[str, Any] | None = None, **headers: str) -> TestResponse:
        return self.browser.post(path, {**(data or {}), "_csrf": self.token}, **headers)


def open_lab(clone_database: Any, tmp_path: Any, fill: Callable[[], None] | None = None) -> Lab:
    """The lab on a fresh copy of its database; `fill` writes what it holds once per run, as the administrator."""
    if fill is None:
        return Lab(clone_database("access", access_lab.build), tmp_path)

    def build(url: str) -> None:
        access_lab.build(url)
        with tempfile.TemporaryDirectory() as home:
            lab = Lab(url, Path(home))
            with lab.acting("root@example.com"):
                fill()
            lab.database.close()

    return Lab(clone_database(f"access {fill.__module__}.{fill.__qualname__}", build), tmp_path)


def text_of(page: TestResponse) -> str:
    """The page without tags, blanks folded."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())
