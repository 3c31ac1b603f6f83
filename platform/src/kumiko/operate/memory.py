"""How much memory a worker may take beyond what it has when it starts: a hungry job fails instead of the machine."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from kumiko.host.errors import ConfigError

log = logging.getLogger("kumiko.memory")
VARIABLE = "KUMIKO_JOB_MEMORY_MB"
DEFAULT_MB = 1024
_MIB = 1024 * 1024


def limit_memory() -> int:
    """From here on what goes beyond the limit raises MemoryError. The limit in MiB; 0 where the system knows none."""
    text = os.environ.get(VARIABLE, "").strip()
    if text and (not text.isdigit() or int(text) < 64):
        raise ConfigError(f"{VARIABLE} is {text!r}; wanted a whole number of megabytes, 64 or more")
    megabytes = int(text) if text else DEFAULT_MB
    try:
        import resource  # local: not on every system

        # What the kernel compares with the limit: private memory that can be written, not mapped files.
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[5])
        used = pages * resource.getpagesize()
        _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = used + megabytes * _MIB
        resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard < 0 else min(wanted, hard), hard))
    except (ImportError, OSError, ValueError, IndexError) as fault:
        log.info("memory of jobs is not limited on this system: %s", fault)
        return 0
    return megabytes
