"""Moved: `kumiko.operate.cli`."""

import sys

from kumiko.operate import cli

sys.modules[__name__] = cli

if __name__ == "__main__":
    cli.main()
