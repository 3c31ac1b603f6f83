"""Fixtures of all tests under tests/. Databases come from the plugin kumiko_testing."""

import pytest

from kumiko_testing.policy import chromium_path


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Starts the system's Chromium; the tests never download a browser."""
    return {
        **browser_type_launch_args,
        "executable_path": chromium_path(),
        "args": ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--force-color-profile=srgb"],
    }
