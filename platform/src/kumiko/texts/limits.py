"""What one rendering may cost: characters, turns of loops, and seconds of the processor."""

from __future__ import annotations

import time
from typing import Any

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _

LARGEST_SOURCE = 200_000  # characters
MOST_TAGS = 3000
MOST_TURNS = 20_000
LARGEST_NUMBER = 10**24
LIMIT_S = 1.5  # of the processor; a machine that is busy with others takes no text away from anybody


class Budget:
    """Counts what a rendering has used; raises Invalid with a sentence when it is too much."""

    def __init__(self, max_chars: int) -> None:
        self.max_chars = max_chars
        self._made = 0
        self._turns = 0
        self._ends_s = time.thread_time() + LIMIT_S

    def made(self, text: str) -> str:
        """`text`, after it was counted as made by an operator or filter; all of them together are limited, too."""
        self.room_for(len(text))
        self._made += len(text)
        if self._made > 10 * self.max_chars:
            raise self.too_long()
        self.check_time()
        return text

    def room_for(self, length: int) -> None:
        """Refuse a text of this many characters before anybody makes it."""
        if length > self.max_chars:
            raise self.too_long()

    def turn(self) -> None:
        """One more turn of a loop."""
        self._turns += 1
        if self._turns > MOST_TURNS:
            raise Invalid(
                _("The text repeats too much: all loops together may take %(most)d turns. Shorten the lists it walks.",
                  most=MOST_TURNS)
            )  # fmt: skip
        self.check_time()

    def check_time(self) -> None:
        if time.thread_time() > self._ends_s:
            raise Invalid(_("The text takes too long to fill in; it was stopped. Make it simpler."))

    def too_long(self) -> Invalid:
        return Invalid(
            _("The text becomes too long: wanted at most %(most)d characters. Shorten it, or what it repeats.",
              most=self.max_chars)
        )  # fmt: skip


def number(value: Any) -> Any:
    """A number as it came, when it is of a size that people calculate with."""
    if isinstance(value, int | float) and not -LARGEST_NUMBER < value < LARGEST_NUMBER:
        raise Invalid(_("The text calculates a number with more than 24 digits; that is refused."))
    return value
