"""What a check of a plugin says: sentences, what the plugin adds, and how long each part of the check took."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kumiko.host.errors import KumikoError

DEPTHS = ("quick", "full")


@dataclass(frozen=True)
class Part:
    """One part of a check: its name, whether it found nothing wrong, and how long it took."""

    name: str
    ok: bool
    took_s: float


@dataclass(frozen=True)
class Addition:
    """One thing a plugin brings, for people: `kind` says what it is, `details` where it stands and for whom."""

    kind: str
    name: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """What a check found out about one plugin. Problems forbid switching it on, warnings do not."""

    name: str
    problems: tuple[str, ...] = ()
    adds: dict[str, list[str]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    brings: tuple[Addition, ...] = ()
    depth: str = "quick"
    took_s: float = 0.0

    @property
    def ok(self) -> bool:
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """The report as a JSON object; `checks` is part -> {"ok", "took_s"}."""
        said = asdict(self)
        said["checks"] = {one["name"]: {"ok": one["ok"], "took_s": one["took_s"]} for one in said.pop("parts")}
        return {"ok": self.ok, **said}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Report:
        return cls(
            name=said["name"],
            problems=tuple(said["problems"]),
            adds={kind: list(names) for kind, names in said["adds"].items()},
            warnings=tuple(said["warnings"]),
            parts=tuple(Part(name, one["ok"], one["took_s"]) for name, one in said["checks"].items()),
            brings=tuple(Addition(one["kind"], one["name"], one["details"]) for one in said["brings"]),
            depth=said["depth"],
            took_s=said["took_s"],
        )


@dataclass
class Notebook:
    """Collects the report of one plugin, inside the process that checks it. Into `file` goes what is being done, line
    by line, so that whoever waits knows where it stopped."""

    name: str
    depth: str = "quick"
    file: Path | None = None
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    adds: dict[str, list[str]] = field(default_factory=dict)
    brings: tuple[Addition, ...] = ()
    started: float = field(default_factory=time.perf_counter)

    def check(self, part: str, find: Callable[[], Iterable[str]]) -> bool:
        """Do one part: `find` gives the sentences of its problems; what it raises becomes one. Gives: none found."""
        self._write({"at": part})
        began = time.perf_counter()
        found: list[str] = []
        try:
            for sentence in find():
                found.append(sentence)  # noqa: PERF402 (what was found before it raised counts, too)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 (a plugin may raise anything)
            found.append(sentence_of(self.name, error))
        new = [one for one in dict.fromkeys(found) if one not in self.problems]
        self.problems += new
        self.parts.append(Part(part, not found, round(time.perf_counter() - began, 3)))
        return not found

    def warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def report(self) -> Report:
        return Report(
            name=self.name,
            problems=tuple(self.problems),
            adds=self.adds,
            warnings=tuple(self.warnings),
            parts=tuple(self.parts),
            brings=self.brings,
            depth=self.depth,
            took_s=round(time.perf_counter() - self.started, 3),
        )

    def close(self) -> Report:
        """Write the report as the last line of the file."""
        made = self.report()
        self._write({"report": made.as_json()})
        return made

    def _write(self, line: Mapping[str, Any]) -> None:
        if self.file is not None:
            with self.file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(line, default=str) + "\n")


def sentence_of(name: str, error: BaseException) -> str:
    """What was raised, as a sentence that begins with the plugin's name and says in which of its lines it arose."""
    text = str(error).strip()
    if isinstance(error, MemoryError):
        return f"{name}: it asked for more memory than a check may have; load big things when they are needed."
    if text.startswith((f"{name}:", f"{name},", f"{name} ")):
        return text
    kind = type(error).__name__
    if isinstance(error, KumikoError):
        return f"{name}: {text}"
    return f"{name}: {kind}: {text}" if text else f"{name}: {kind}"
