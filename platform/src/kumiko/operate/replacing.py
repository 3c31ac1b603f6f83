"""One plugin in the place of another: whether they can change places, and the switch itself (design 5, Replace).

The records of their contracts are copied before, by `kumiko.records.handover`; here is only what concerns plugins.
"""

from __future__ import annotations

from kumiko.host import manifest, resolver, revision
from kumiko.host.context import SYSTEM, acting_as, current
from kumiko.host.errors import DeclarationError, ResolutionError
from kumiko.host.generation import Generation, build, hand_over
from kumiko.host.manifest import Installed, Manifest
from kumiko.operate import checks, lifecycle, migrate

_SCANNED = ("operate.replacing", "installed")


def manifests_of(old: str, new: str) -> tuple[Manifest, Manifest]:
    """Both plugins when `new` can stand in the place of `old`, as far as their manifests say.

    ManifestError when one is not installed; ResolutionError with all sentences that speak against it.
    """
    installed = manifest.scan(lifecycle.core_packages())
    leaving, coming = installed.get(old), installed.get(new)
    problems = [*_states(leaving, coming, installed), *_contracts(leaving, coming, installed)]
    if problems:
        raise ResolutionError(problems)
    return leaving, coming


def shared(old: Manifest, new: Manifest) -> tuple[str, ...]:
    """Contracts that both provide: their records go along."""
    return tuple(capability for capability in old.provides if capability in new.provides)


def _states(old: Manifest, new: Manifest, installed: Installed) -> list[str]:
    on = lifecycle.enabled_names(installed)
    if old.name == new.name:
        return [f"{old.name} cannot take over from itself; name another plugin."]
    if old.core or new.core:
        core = old.name if old.core else new.name
        return [f"{core} is part of the core and cannot be replaced."]
    if old.name not in on:
        return [f"{old.name} is not switched on, so there is nothing to take over; enable {new.name} instead."]
    if new.name in on:
        return [f"{new.name} is switched on already; two providers cannot be on together."]
    return []


def _contracts(old: Manifest, new: Manifest, installed: Installed) -> list[str]:
    if not shared(old, new):
        offers = ", ".join(new.provides) or "no contract"
        return [f"{new.name} provides {offers} and {old.name} {', '.join(old.provides)}: they have nothing in common."]
    names = {*lifecycle.enabled_names(installed), new.name} - {old.name}
    together = [one for one in installed.manifests.values() if one.core or one.name in names]
    return resolver.resolve(together, installed.manifests.values()).sentences


def prepare(new: Manifest) -> None:
    """Check the plugin that comes, and bring its tables to their newest form.

    DeclarationError when its check or the suite of a contract fails, MigrationFailed; then nothing is switched.
    """
    report = checks.before_enabling(new, "full", lifecycle.core_packages())
    if report is not None and not report.ok:
        raise DeclarationError(" ".join(report.problems))
    url = current().database.url.render_as_string(hide_password=False)
    migrate.upgrade(url, migrate.history_of(new))


def candidate(old: str, new: str) -> Generation:
    """The application with `new` in the place of `old`, not public yet. DeclarationError when it cannot be built."""
    context = current()
    generation = lifecycle.running()
    installed = manifest.scan(lifecycle.core_packages())
    names = {*lifecycle.enabled_names(installed), new} - {old}
    numbers = revision.read(context.database)
    made = build(
        generation.config, context.database, numbers._replace(providers=numbers.providers + 1),
        core=lifecycle.core_packages(), enabled=names,
    )  # fmt: skip
    failed = [one.reason for name, one in made.failed.items() if name == new or name in generation.plugins]
    if failed:
        raise DeclarationError(" ".join(failed))
    return made


def flip(made: Generation, old: str, new: str) -> None:
    """Switch `old` off and `new` on, as part of the open transaction, after `revision.hold_writers`.

    Conflict when somebody switched one of them meanwhile; Veto when the one that leaves refuses.
    """
    context = current()
    manifests_of(old, new)
    coming = made.plugins[new].manifest
    lifecycle.ask_before_disable(old)
    lifecycle.write_state(old, "disabled")
    lifecycle.write_state(new, "enabled", version=coming.version)
    lifecycle.audit("plugin.replace", old, {"by": new, "version": coming.version}, context.principal)
    revision.bump("epoch")
    revision.bump("providers")
    before, context.generation = context.generation, made
    try:
        with acting_as(SYSTEM, via="system"):
            lifecycle.tell("on_forget", made, new)  # the other one did its work meanwhile
            made.plugins[new].call("after_enable")
    finally:
        context.generation = before
    names = {name for name, one in made.plugins.items() if not one.manifest.core}
    core = lifecycle.core_packages()
    context.after_commit.append(lambda: hand_over(context.database, names, core, made))


def other_providers(name: str) -> list[Manifest]:
    """Installed plugins that are off and share a contract with a plugin that runs."""
    generation = lifecycle.running()
    one = generation.plugins.get(name)
    if one is None or one.manifest.core:
        return []
    cache = current().cache  # a page asks for each of its lines
    if _SCANNED not in cache:
        cache[_SCANNED] = manifest.scan(lifecycle.core_packages()).manifests.values()
    return [each for each in cache[_SCANNED] if each.name not in generation.plugins and shared(one.manifest, each)]


__all__ = ["candidate", "flip", "manifests_of", "other_providers", "prepare", "shared"]
