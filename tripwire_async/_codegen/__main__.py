"""``python -m tripwire_async._codegen [--check]``: write the generated modules, or tell whether they are up to date."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PACKAGE: Final = Path(__file__).parent.parent


def render(description: Path) -> dict[str, str]:
    """Return the text of every generated file, by its path in the package; raises `RefusalError`."""
    # Imported here so that a missing PyYAML can be told apart and reported.
    from .homes import EVENTS, read_api  # noqa: PLC0415 - see above
    from .render_models import render_face, render_module  # noqa: PLC0415 - see above
    from .render_operations import render_operations  # noqa: PLC0415 - see above
    from .render_text import header  # noqa: PLC0415 - see above

    api = read_api(description)
    tags = dict.fromkeys(endpoint.tag for endpoint in api.endpoints)
    files = {
        "models.py": render_face(api),
        "_generated/__init__.py": header("What the API's description says: models and operations."),
        "_generated/models/__init__.py": header("The models, a module a tag."),
        "_generated/operations/__init__.py": header("The operations, a module a tag."),
    }
    files |= {f"_generated/models/{module.name}.py": render_module(module, api) for module in api.modules}
    files |= {f"_generated/operations/{tag}.py": render_operations(tag, api) for tag in tags if tag != EVENTS}
    return files


def differences(files: Mapping[str, str], package: Path) -> list[str]:
    """Return a line for each file in *package* that is not as *files* says."""
    found = [
        f"{name}: {'differs from what openapi.yaml says' if (package / name).exists() else 'is missing'}"
        for name, text in files.items()
        if not (package / name).exists() or (package / name).read_bytes() != text.encode()
    ]
    return found + [f"{name}: is not generated any more" for name in _left_over(files, package)]


def write(files: Mapping[str, str], package: Path) -> list[str]:
    """Make *package* as *files* says, and return a line for each file that had to change."""
    changed: list[str] = []
    for name in _left_over(files, package):
        (package / name).unlink()
        changed.append(f"removed {name}")
    for name, text in files.items():
        path = package / name
        if not path.exists() or path.read_bytes() != text.encode():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
            changed.append(f"wrote {name}")
    return changed


def _left_over(files: Mapping[str, str], package: Path) -> list[str]:
    there = sorted(path.relative_to(package).as_posix() for path in package.glob("_generated/**/*.py"))
    return [name for name in there if name not in files]


def main(arguments: Sequence[str] | None = None, *, package: Path = _PACKAGE) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tripwire_async._codegen", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is not as it should be")
    parser.add_argument(
        "--description", type=Path, default=_PACKAGE / "_codegen" / "openapi.yaml", help="the OpenAPI document"
    )
    options = parser.parse_args(arguments)
    if importlib.util.find_spec("yaml") is None:
        sys.stderr.write(
            "the generator needs PyYAML, which is among the development dependencies: pip install pyyaml\n"
        )
        return 2

    from .document import RefusalError  # noqa: PLC0415 - needs PyYAML

    try:
        files = render(options.description)
    except (RefusalError, OSError) as error:
        sys.stderr.write(f"{options.description}: {error}\n")
        return 2
    if options.check:
        found = differences(files, package)
        sys.stderr.writelines(f"{line}\n" for line in found)
        return 1 if found else 0
    sys.stdout.writelines(f"{line}\n" for line in write(files, package))
    return 0


if __name__ == "__main__":  # pragma: no cover - a test runs it, in a process of its own
    sys.exit(main())
