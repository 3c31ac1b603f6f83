"""A part that a test needs is missing: the test is skipped on a person's machine, fails where nothing may skip."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def may_skip() -> bool:
    """False where a missing part must fail the run (KUMIKO_TEST_NO_SKIP=1, which `./kumiko test` sets when CI=true)."""
    return os.environ.get("KUMIKO_TEST_NO_SKIP", "") in ("", "0")


def missing(sentence: str) -> NoReturn:
    """Skips the running test with `sentence`, or fails it where nothing may skip."""
    if may_skip():
        pytest.skip(sentence)
    pytest.fail(f"{sentence} (KUMIKO_TEST_NO_SKIP is set, so this is a failure.)", pytrace=False)


def chromium_path() -> str:
    """The Chromium that browser tests start: KUMIKO_E2E_CHROMIUM, else the system's. Without one, see `missing`."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("KUMIKO_E2E_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    return found or missing("No Chromium: install it (Debian: apt-get install chromium) or set KUMIKO_E2E_CHROMIUM.")
