"""Every sentence for people has a translation in every language that a distribution offers."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Message

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = ROOT / ".ci" / "messages"


def test_every_sentence_is_translated_with_its_places():
    done = subprocess.run([sys.executable, MESSAGES, "--check"], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("Every sentence is translated.", 0), done.stderr


def test_german_is_offered_by_the_platform_and_by_deals():
    paths = ["platform/src/kumiko/web", "plugins/deals/src/kumiko_deals"]
    assert [(ROOT / path / "translations/de/LC_MESSAGES/messages.po").is_file() for path in paths] == [True, True]


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("%(name)s is saved.", ""),
        ("%(name)s is saved.", "Gespeichert."),
        ("%(name)s is saved.", "%(nmae)s ist gespeichert."),
        ("%(count)d more", "%(count)s weitere"),
        (("%(num)d user", "%(num)d users"), ("%(num)d Benutzer", "")),
    ],
)
def test_a_bad_translation_is_reported(wanted, given):
    faults = runpy.run_path(str(MESSAGES))["faults"]
    assert len(list(faults(Message(wanted, given)))) == 1
