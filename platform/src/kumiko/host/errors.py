"""The tree of domain errors. Services raise these; only the edge (web, rest, cli) knows what HTTP makes of them.

A message says what was wanted, what was found and what to do, in one or two sentences that a user may read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

FieldErrors = Mapping[str, Sequence[str]]


class KumikoError(Exception):
    """Everything that Kumiko refuses on purpose."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Invalid(KumikoError):
    """Values are wrong; `errors` holds the sentences per field (the key "" is about the whole record)."""

    def __init__(self, message: str, errors: FieldErrors | None = None) -> None:
        super().__init__(message)
        self.errors: dict[str, list[str]] = {name: list(lines) for name, lines in (errors or {}).items()}


class NotSignedIn(KumikoError):
    """Nobody is signed in, or the session or token is no longer valid."""


class Forbidden(KumikoError):
    """The person is known and may see the thing, but not do this with it."""


class NotFound(KumikoError):
    """There is no such thing, or the person may not know of it; both read the same."""


class ModuleOff(NotFound):
    """The address belongs to an installed module that is switched off (or has failed), or to such a feature of one."""

    def __init__(self, message: str, module: str, feature: str = "") -> None:
        super().__init__(message)
        self.module, self.feature = module, feature


class VersionRequired(KumikoError):
    """A change must name the version it was made from."""


class Stale(KumikoError):
    """Somebody changed the record since it was read; `current_version` is what it has now."""

    def __init__(self, message: str, current_version: int) -> None:
        super().__init__(message)
        self.current_version = current_version


class Conflict(KumikoError):
    """The state of the thing does not allow this act (a closed deal, a value in use)."""


class TooLarge(KumikoError):
    """What was sent is larger than this address takes."""


class TooMany(KumikoError):
    """Too many attempts; `retry_after_s` says when the next one counts."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Busy(KumikoError):
    """The system cannot do this for some seconds; `retry_after_s` says how long to wait."""

    def __init__(self, message: str, retry_after_s: int = 2) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Outdated(Busy):
    """This generation writes to a module that another one has taken over from meanwhile; the next one knows better."""


class Veto(KumikoError):
    """A plugin refuses an act, with a reason that the person reads."""


class ConfigError(KumikoError):
    """Settings from environment, file or command line cannot be used."""


class ManifestError(KumikoError):
    """A plugin's plugin.toml is missing, unreadable or says something impossible."""


class DeclarationError(KumikoError):
    """A plugin declared something that the host refuses; names plugin, hook, item and what was expected.

    `plugin`: whose declaration it is, where that is known: the application is then built without this plugin.
    """

    def __init__(self, message: str, plugin: str = "") -> None:
        super().__init__(message)
        self.plugin = plugin


class ResolutionError(KumikoError):
    """The wanted set of plugins cannot run together; one sentence per problem in `problems`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = list(problems)


class MigrationFailed(KumikoError):
    """A plugin's tables could not be brought to the wanted revision; nothing of that step remains."""


class ScopeError(KumikoError):
    """Programming error: a query left the limits of rights (no principal, a raw table, an undeclared class)."""
