"""Commands beyond switching: `kumiko plugin feature | purge | install`, and `kumiko restart`."""

from __future__ import annotations

import click

from kumiko.host.errors import KumikoError
from kumiko.operate.shell import Shell, switching


@click.command("feature")
@click.argument("name")
@click.argument("feature", required=False, default="")
@click.argument("state", type=click.Choice(["on", "off"]), required=False, default=None)
@click.option("--role", "roles", multiple=True, help="Only for this role (its key); may be given several times.")
@click.pass_obj
def plugin_feature(shell: Shell, name: str, feature: str, state: str | None, roles: tuple[str, ...]) -> None:
    """Switch a FEATURE of a module on or off, for everybody or for roles; without one, list them."""
    from kumiko.operate import features  # local: the command line starts quickly

    with switching(shell):
        if not feature:
            rows = [
                {"name": one.name, "state": "on" if one.on else "off", "title": one.label,
                 "roles": ", ".join(role.key for role in one.roles if role.on) or "-"}
                for one in features.features_of(name)
            ]  # fmt: skip
            shell.table(rows, ("name", "state", "title", "roles"))
            return
        if state is None:
            raise click.UsageError("say on or off behind the name of the feature")
        if roles:
            changed = features.switch_for_roles(name, feature, dict.fromkeys(roles, state == "on"))
        else:
            changed = ["everybody"] if features.switch(name, feature, state == "on") else []
    said = f"{name}, {feature}: {state} for {', '.join(changed)}" if changed else f"Nothing to do: {state} already."
    shell.say(said, name=name, feature=feature, on=state == "on", changed=changed)


@click.command("purge")
@click.argument("name")
@click.option("--export", "archive", type=click.Path(dir_okay=False), help="Write everything into this zip file first.")
@click.option("--yes", is_flag=True, help="Do not ask for the name to be typed.")
@click.pass_obj
def plugin_purge(shell: Shell, name: str, archive: str | None, yes: bool) -> None:
    """Delete a disabled plugin's data: tables, settings, search, views. There is no way back."""
    from kumiko.operate import lifecycle

    with switching(shell) as context:
        lifecycle.get_purgeable(name)
        write = context.generation.state.get("export_module") if context.generation is not None else None
        if archive and write is None:
            raise KumikoError("this installation has nothing that could write an archive")
        if archive and write is not None:
            for line in write(name, archive):
                shell.say(f"  {line}")
            shell.say(f"{archive}: written", archive=archive)
    if not yes and click.prompt(f"This deletes all data of {name}. Type its name to go on", default="") != name:
        raise KumikoError("Nothing was dropped: the name was not typed.")
    with switching(shell):
        tables = lifecycle.purge(name)
    shell.say(f"purged {name}: {len(tables)} tables dropped", purged=name, tables=tables)


@click.command("install")
@click.argument("path_or_dist")
@click.option("--editable", is_flag=True, help="Use the folder's own files, for those who change them.")
@click.pass_obj
def plugin_install(shell: Shell, path_or_dist: str, editable: bool) -> None:
    """Install a plugin's package (folder, wheel or name) into this environment; nothing that Kumiko needs changes."""
    from kumiko.operate import installing

    found = installing.install(path_or_dist, core=shell.core, editable=editable)
    names = [one.name for one in found]
    told = ", ".join(f"{one.name} {one.version}" for one in found)
    shell.say(f"installed: {told}. `kumiko plugin enable {names[0]}` switches it on; where an older version is "
              "running, `kumiko restart` changes over.", installed=names)  # fmt: skip


@click.command("restart")
@click.pass_obj
def restart(shell: Shell) -> None:
    """Have running servers replace their processes one by one, as after an upgrade; no request is lost."""
    from kumiko.operate import restarting

    with switching(shell):
        moved = restarting.ask()
    told = f" Tables renewed: {', '.join(moved)}." if moved else ""
    shell.say(f"Asked: every server replaces its processes within a minute.{told}", asked=True, migrated=moved)
