"""Installing a plugin changes nothing that Kumiko runs on, refuses before anything happens, and fails as a whole."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from kumiko.core import CORE
from kumiko.host.errors import KumikoError
from kumiko.operate import installing

ROOT = Path(__file__).resolve().parents[2]


def make_wheel(folder, name="goats", version="1.0", *, requires=(), host_api="1", entry=None, files=None):
    """A wheel as a vendor would build one, written by hand."""
    package, dist = f"vendor_{name}", f"vendor_{name}-{version}"
    entry = f"{name} = {package}.plugin" if entry is None else entry
    held = {
        f"{package}/__init__.py": "",
        f"{package}/plugin.toml": f'host_api = "{host_api}"\ntitle = "{name.title()}"\n',
        f"{package}/plugin.py": "",
        f"{dist}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: vendor-{name}\nVersion: {version}\n"
        + "".join(f"Requires-Dist: {one}\n" for one in requires),
        f"{dist}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{dist}.dist-info/entry_points.txt": f"[kumiko.plugins]\n{entry}\n" if entry else "",
        **(files or {}),
    }
    record = "".join(f"{path},,\n" for path in held)
    held[f"{dist}.dist-info/RECORD"] = record + f"{dist}.dist-info/RECORD,,\n"
    folder.mkdir(exist_ok=True)
    path = folder / f"{dist}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in held.items():
            archive.writestr(file, text)
    return path


def refusal(wheel):
    with pytest.raises(KumikoError) as refused:
        installing.check_wheel(wheel, installing.platform_versions(), core=CORE)
    return str(refused.value)


def test_what_kumiko_runs_on_is_known_with_all_it_needs(tmp_path):
    pinned = installing.platform_versions()
    assert {"kumiko-platform", "flask", "sqlalchemy", "psycopg-binary", "markupsafe"} <= set(pinned)
    assert not {"pytest", "mypy", "kumiko-deals"} & set(pinned)


def test_a_wheel_is_read_without_running_it(tmp_path):
    wheel = make_wheel(tmp_path, files={"vendor_goats/plugin.py": "raise SystemExit"})
    found = installing.check_wheel(wheel, installing.platform_versions(), core=CORE)
    assert [(one.name, one.version, one.distribution) for one in found] == [("goats", "1.0", "vendor-goats")]


def test_each_refusal_is_a_sentence_and_names_what_collides(tmp_path):
    here = installing.platform_versions()["sqlalchemy"]
    said = refusal(make_wheel(tmp_path, requires=["sqlalchemy<2.1"]))
    assert said == (
        f"vendor-goats requires sqlalchemy<2.1, Kumiko runs on sqlalchemy {here}; "
        "ask its vendor for a version for this Kumiko"
    )
    assert "plugin.toml asks for host_api '2', this Kumiko offers '1'" in refusal(make_wheel(tmp_path, host_api="2"))
    assert "brings no plugin" in refusal(make_wheel(tmp_path, entry=""))
    assert "would overwrite the package 'kumiko'" in refusal(make_wheel(tmp_path, files={"kumiko/host/app.py": ""}))
    assert "'deals', which kumiko-deals brings already" in refusal(
        make_wheel(tmp_path, entry="deals = vendor_goats.plugin")
    )
    assert "brings its own flask" in refusal(make_wheel(tmp_path, requires=["flask @ file:///flask.whl"]))
    assert "which nobody can read" in refusal(make_wheel(tmp_path, requires=["flask ~~ 3"]))
    assert "plugin.toml is missing" in refusal(make_wheel(tmp_path, entry="goats = other.plugin"))
    broken = tmp_path / "broken-1.0-py3-none-any.whl"
    broken.write_text("no zip")
    assert "is no wheel" in refusal(broken)
    assert [one.name for one in installing.check_wheel(
        make_wheel(tmp_path, requires=["sqlalchemy<2; python_version < '3'", "flask>=3"]),
        installing.platform_versions(), core=CORE,
    )] == ["goats"]  # fmt: skip


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """Another environment that sees our libraries, so that nothing is installed into the one that runs the tests."""
    folder = tmp_path_factory.mktemp("environment")
    venv.EnvBuilder(with_pip=True, symlinks=True).create(folder)
    site = next(folder.glob("lib/python*/site-packages"))
    ours = [path for path in sys.path if path and Path(path).is_dir() and "lib/python" not in path]
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    (site / "ours.pth").write_text("\n".join([*libraries, *ours, str(ROOT / "platform/src")]) + "\n")
    return folder


def kumiko(other, home, *arguments, **environment):
    env = {**os.environ, "KUMIKO_HOME": str(home), "KUMIKO_DATABASE_URL": "", "PIP_NO_INDEX": "1", **environment}
    env.pop("KUMIKO_DATABASE_URL")
    command = [other / "bin/python", "-m", "kumiko.operate.cli", *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def installed(other):
    found = next(other.glob("lib/python*/site-packages")).glob("vendor_*.dist-info")
    return sorted(path.name.removesuffix(".dist-info") for path in found)


def test_a_plugin_is_installed_renewed_and_a_failure_leaves_nothing(other, tmp_path):
    wheels = tmp_path / "wheels"
    code, said, fault = kumiko(other, tmp_path, "plugin", "install", str(make_wheel(wheels)))
    assert (code, fault) == (0, ""), fault
    assert said.startswith("installed: goats 1.0. `kumiko plugin enable goats` switches it on")
    assert installed(other) == ["vendor_goats-1.0"]
    again = kumiko(other, tmp_path, "plugin", "install", str(make_wheel(wheels)))
    assert again == (1, "", "vendor-goats 1.0 is installed already; give a changed one a higher version")

    hungry = make_wheel(wheels, version="2.0", requires=["vendor-hay>=1"])
    code, said, fault = kumiko(other, tmp_path, "plugin", "install", str(hungry))
    assert (code, said, installed(other)) == (1, "", ["vendor_goats-1.0"])
    assert "No matching distribution found for vendor-hay>=1" in fault

    make_wheel(wheels, "hay")
    code, said, fault = kumiko(other, tmp_path, "plugin", "install", str(hungry), PIP_FIND_LINKS=str(wheels))
    assert (code, fault) == (0, ""), fault
    assert installed(other) == ["vendor_goats-2.0", "vendor_hay-1.0"]

    greedy = make_wheel(wheels, "sheep", requires=["vendor-grass"])
    make_wheel(wheels, "grass", requires=["flask<3"], entry="")
    code, said, fault = kumiko(other, tmp_path, "plugin", "install", str(greedy), PIP_FIND_LINKS=str(wheels))
    assert (code, said, installed(other)) == (1, "", ["vendor_goats-2.0", "vendor_hay-1.0"])
    assert "vendor-grass" in fault, fault
    assert "flask" in fault, fault

    code, said, fault = kumiko(other, tmp_path, "plugin", "install", "vendor-goats", PIP_FIND_LINKS=str(wheels))
    assert (code, fault) == (1, "vendor-goats 2.0 is installed already; give a changed one a higher version")
    assert "there is nothing at" in kumiko(other, tmp_path, "plugin", "install", "/no/where.whl")[2]


def test_a_folder_is_built_and_installed(other, tmp_path):
    project = tmp_path / "project"
    (project / "vendor_cows").mkdir(parents=True)
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "vendor-cows"\nversion = "1.0"\n'
        '[project.entry-points."kumiko.plugins"]\ncows = "vendor_cows.plugin"\n'
        '[tool.hatch.build.targets.wheel]\npackages = ["vendor_cows"]\n'
    )
    for name, text in {"__init__.py": "", "plugin.py": "", "plugin.toml": 'host_api = "1"\ntitle = "Cows"\n'}.items():
        (project / "vendor_cows" / name).write_text(text)
    code, said, fault = kumiko(other, tmp_path, "plugin", "install", str(project))
    assert (code, fault, "vendor_cows-1.0" in installed(other)) == (0, "", True), fault
    assert sorted(path.name for path in project.iterdir()) == ["pyproject.toml", "vendor_cows"]
    assert "installed: cows 1.0" in said
