"""Moved: `kumiko.operate.migrate`."""

import sys

from kumiko.operate import migrate

sys.modules[__name__] = migrate
