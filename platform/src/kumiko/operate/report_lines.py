"""The report of a check as lines of the command line."""

from __future__ import annotations

from kumiko.operate import plain_words
from kumiko.operate.report import Report
from kumiko.operate.shell import Shell


def say(shell: Shell, report: Report) -> None:
    """What it adds, each check with its seconds, warnings, the outcome; with --json all of it as one object."""
    if shell.as_json:
        shell.say_json(report.as_json())
        return
    for group in plain_words.groups(report.brings):
        shell.say(f"{group.title}:")
        for line in group.lines:
            shell.say(f"  {line}")
    for part in report.parts:
        shell.say(f"{'ok     ' if part.ok else 'PROBLEM'}  {part.took_s:6.2f} s  {part.name}")
    for sentence in report.warnings:
        shell.say(f"Warning: {sentence}")
    if report.ok:
        shell.say(f"{report.name} may be enabled ({report.depth} check, {report.took_s:.1f} s).")
