"""Moved: `kumiko.operate.lifecycle`."""

import sys

from kumiko.operate import lifecycle

sys.modules[__name__] = lifecycle
