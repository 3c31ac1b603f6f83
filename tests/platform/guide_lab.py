"""Walks the plugin guide: writes, changes and runs what the pages say, and compares answers with what they show.

Blocks, by the words behind the three ticks:

    sh                     commands, run in the folder that the reader works in
    sh serve               the same command, which goes on in the background; the one before is ended first
    text output            what the command before printed; a line with ... stands for anything
    python file=PATH       the whole file (jinja, toml, css... too)
    python add=PATH        what is added at its end
    diff file=PATH         lines to replace; they stand in the file once
    http                   METHOD /path [JSON], asked as administrator; {id} is that of the last record that was made,
                           {first} that of the first record of the last answer
    text shows             lines that the page holds
    json answer            members of the answer
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from kumiko_testing.environments import Environment
from kumiko_testing.ports import free_port

BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATIENCE_S = 20


@dataclass(frozen=True)
class Block:
    """A block of a page: its language, the words behind, its text and where it begins."""

    page: str
    line: int
    language: str
    words: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.language} {self.words}".strip()

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    return [
        Block(page.name, text[: found.start()].count("\n") + 1, found[1], found[2].strip(), found[3])
        for found in BLOCK.finditer(text)
    ]


class Walker:
    """Somebody who does what the pages say, in `folder`."""

    def __init__(self, folder: Path, environment: Environment) -> None:
        self.folder, self.environment = folder, environment
        self.port = free_port()
        self.server: subprocess.Popen[bytes] | None = None
        self.said = ""
        self.answer = ""
        self.asked: tuple[str, str, str] = ("", "", "")
        self.made_id = ""
        self.token = ""

    def do(self, block: Block) -> None:
        """One block; AssertionError naming its place when something is not as the page says."""
        kind, _, path = block.words.partition("=")
        if block.name == "sh":
            code, self.said = self.run(block.text)
            assert code == 0, f"{block.place}\n{self.said}"
        elif block.name == "sh serve":
            self.serve(block)
        elif block.name == "text output":
            self.compare(block)
        elif block.name == "http":
            self.ask(block)
        elif block.name in ("text shows", "json answer"):
            self.look(block)
        elif block.language == "diff":
            self.change(block, self.folder / path)
        elif kind in ("file", "add"):
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            before = target.read_text("utf-8") if kind == "add" else ""
            target.write_text(before + block.text, "utf-8")
        else:
            raise AssertionError(f"{block.place}: nobody runs a block called {block.name!r}")

    def run(self, text: str) -> tuple[int, str]:
        return self.environment.run("bash", "-euo", "pipefail", "-c", text, cwd=self.folder)

    def serve(self, block: Block) -> None:
        self.stop()
        command = [*block.text.split(), "--port", str(self.port)]
        with (self.folder / "serve.log").open("ab") as log:
            self.server = subprocess.Popen(
                command, executable=str(self.environment.bin / command[0]), env=dict(self.environment.variables),
                cwd=self.folder, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + 60
        while self._status("GET", "/healthz")[0] != 200:
            assert time.monotonic() < until, self.log()
            assert self.server.poll() is None, self.log()
            time.sleep(0.1)
        if not self.token:
            code, said = self.run("kumiko token create --user admin@example.com")
            assert code == 0, said
            self.token = said.split()[-1]

    def log(self) -> str:
        return (self.folder / "serve.log").read_text("utf-8", "replace")

    def stop(self) -> None:
        if self.server is not None:
            self.server.send_signal(signal.SIGTERM)
            self.server.wait(30)
            self.server = None

    def compare(self, block: Block) -> None:
        wanted, found = block.text.splitlines(), self.said.splitlines()
        same = len(wanted) == len(found) and all(
            fnmatchcase(one, _pattern(line)) for line, one in zip(wanted, found, strict=True)
        )
        assert same, f"{block.place}: the page shows\n{block.text}\nand this was printed:\n{self.said}"

    def ask(self, block: Block) -> None:
        method, path, *body = block.text.strip().split(" ", 2)
        first = str((_json(self.answer).get("data") or [{}])[0].get("id", ""))
        filled = [text.replace("{id}", self.made_id).replace("{first}", first) for text in (path, *body, "")]
        self.asked = (method, filled[0], filled[1])
        status, self.answer = self._status(*self.asked)
        assert 200 <= status < 300, f"{block.place}: {status} {_plain(self.answer)[:600]}\n{self.log()[-3000:]}"
        if method == "POST" and status == 201:
            self.made_id = str(json.loads(self.answer)["id"])

    def look(self, block: Block) -> None:
        """Compare with the answer; what background work does may take a while, so a GET is asked again."""
        until = time.monotonic() + PATIENCE_S
        while (missing := self._missing(block)) and self.asked[0] == "GET" and time.monotonic() < until:
            time.sleep(0.3)
            self.answer = self._status(*self.asked)[1]
        assert not missing, f"{block.place}: {self.asked[1]} does not hold {missing}\n{_plain(self.answer)[:2000]}"

    def _missing(self, block: Block) -> Any:
        if block.language == "text":
            page = _plain(self.answer)
            return [line for line in block.text.splitlines() if line.strip() not in page]
        wanted, found = json.loads(block.text), json.loads(self.answer)
        return {name: value for name, value in wanted.items() if found.get(name) != value}

    def change(self, block: Block, path: Path) -> None:
        lines = block.text.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
        text = path.read_text("utf-8")
        assert text.count(old) == 1, (
            f"{block.place}: stands {text.count(old)} times in {path.name}:\n{old}\n---\n{text}"
        )
        path.write_text(text.replace(old, new), "utf-8")

    def _status(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        headers = {"Content-Type": "application/json", "Accept-Language": "en"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if method == "GET" and body:
            name, _, value = body.partition(": ")
            headers[name] = value
            body = ""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", body.encode() or None, headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()
        except OSError:
            return 0, ""


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _pattern(line: str) -> str:
    return line.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]").replace("...", "*")


def _plain(page: str) -> str:
    import html

    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
