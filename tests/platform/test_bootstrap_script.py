"""The script ./kumiko: what it makes the environment from, and what it keeps out of it."""

import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(path):
    loader = importlib.machinery.SourceFileLoader("bootstrap_under_test", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder with the files that the script reads, and the script loaded from there."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name in ("kumiko", "requirements.lock", "platform/pyproject.toml", "platform/assets"):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("static", "dev"))
        else:
            shutil.copy(ROOT / name, target)
    return load(tmp_path / "kumiko")


def run(*arguments, script=ROOT / "kumiko", **env):
    return subprocess.run(
        [sys.executable, script, *arguments], env={**os.environ, **env}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "name", ["requirements.lock", "platform/pyproject.toml", "platform/assets/icons.txt", "platform/assets/assets.toml"]
)
def test_a_change_of_what_the_environment_is_made_from_changes_the_key(checkout, name):
    before = checkout.inputs_key()
    (checkout.ROOT / name).write_text((checkout.ROOT / name).read_text() + "\n# changed\n")
    assert checkout.inputs_key() != before


def test_a_new_module_changes_the_key_and_is_installed(checkout):
    before = checkout.inputs_key()
    file = checkout.ROOT / "plugins" / "extra" / "pyproject.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[project]\nname = 'kumiko-extra'\n")
    assert checkout.inputs_key() != before
    assert checkout.distributions()[-1] == file


def test_the_home_is_relative_to_the_checkout_and_settings_of_others_stay_out(checkout, monkeypatch):
    monkeypatch.setattr(os, "environ", dict(os.environ))
    os.environ.update(KUMIKO_HOME="elsewhere", PYTHONPATH="/bad", PIP_TARGET="/bad", PIP_USER="1")
    checkout.set_environment()
    kept = {name: os.environ.get(name) for name in ("KUMIKO_HOME", "PYTHONPATH", "PIP_TARGET", "PIP_USER")}
    assert kept == {
        "KUMIKO_HOME": str(checkout.ROOT / "elsewhere"), "PYTHONPATH": None, "PIP_TARGET": None, "PIP_USER": "0",
    }  # fmt: skip


def test_running_installs_no_test_tools(checkout):
    runtime, mark, tests = checkout.LOCK.read_text().partition(checkout.TESTS_MARK)
    assert mark
    assert "\nflask==" in runtime
    assert "pytest==" not in runtime
    assert "\npytest==" in tests


def test_an_older_python_is_told_what_to_do(checkout, monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setenv("PATH", "/nowhere")
    assert checkout.main(["run"]) == 1
    assert "Kumiko needs Python 3.11 or newer; this is 3.9." in capsys.readouterr().err


def test_without_a_network_the_first_start_says_so(checkout, tmp_path):
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}
    done = run("--version", script=tmp_path / "kumiko", **nowhere, PIP_CONFIG_FILE=os.devnull)
    assert done.returncode == 1
    assert "The libraries could not be fetched" in done.stderr
    assert not checkout.STAMP.exists()
