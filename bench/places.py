"""Where the benchmark keeps things, and the reference application it compares with."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
#: Data sets are made once and kept; delete the folder to make them again.
KEPT = Path(os.environ.get("KUMIKO_BENCH_DIR") or Path(tempfile.gettempdir()) / "kumiko-bench")
#: Data generator, load driver and the reference application, beside this repository.
REFERENCE = Path(os.environ.get("KUMIKO_BENCH_REFERENCE") or ROOT.parent / "shared" / "bench")
OUT = ROOT / "bench" / "out"
FIRST_PORT = int(os.environ.get("KUMIKO_BENCH_PORT") or 21900)  # below the range of outgoing connections
POSTGRES_PORT = int(os.environ.get("KUMIKO_BENCH_PG_PORT") or 20100)


def require_reference() -> None:
    """Ends with a sentence when the data generator is not where it is looked for."""
    if not (REFERENCE / "gen_data.py").exists():
        raise SystemExit(f"no gen_data.py in {REFERENCE}; set KUMIKO_BENCH_REFERENCE to the folder that holds it")
    if str(REFERENCE) not in sys.path:
        sys.path.append(str(REFERENCE))
