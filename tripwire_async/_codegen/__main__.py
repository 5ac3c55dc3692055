"""Command ``python -m tripwire_async._codegen [--check]``: write or compare the generated modules."""

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
    """Return the text of each generated file by its path in the package; raise `DescriptionError`."""
    # Imported here so that main() can report a missing PyYAML.
    from .document import load  # noqa: PLC0415 - needs PyYAML
    from .modules import EVENTS, read_api  # noqa: PLC0415 - needs PyYAML
    from .render_json import render_json  # noqa: PLC0415 - needs PyYAML
    from .render_models import render_module, render_public_module  # noqa: PLC0415 - needs PyYAML
    from .render_operations import render_operations  # noqa: PLC0415 - needs PyYAML
    from .render_profiles import render_profiles  # noqa: PLC0415 - needs PyYAML
    from .render_text import header  # noqa: PLC0415 - needs PyYAML

    api = read_api(description)
    tags = dict.fromkeys(endpoint.tag for endpoint in api.endpoints)
    files = {
        "models.py": render_public_module(api),
        "_generated/profiles.py": render_profiles(api),
        "_generated/openapi.json": render_json(load(description)),
        "_generated/__init__.py": header("Models and operations generated from the API description."),
        "_generated/models/__init__.py": header("Models, one module per tag."),
        "_generated/operations/__init__.py": header("Operations, one module per tag."),
    }
    files |= {f"_generated/models/{module.name}.py": render_module(module, api) for module in api.modules}
    files |= {f"_generated/operations/{tag}.py": render_operations(tag, api) for tag in tags if tag != EVENTS}
    return files


def differences(files: Mapping[str, str], package: Path) -> list[str]:
    """Return one line for each file in *package* that differs from *files*."""
    found = [
        f"{name}: {'does not match openapi.yaml' if (package / name).exists() else 'is missing'}"
        for name, text in files.items()
        if not (package / name).exists() or (package / name).read_bytes() != text.encode()
    ]
    return found + [f"{name}: is no longer generated" for name in _stale(files, package)]


def write(files: Mapping[str, str], package: Path) -> list[str]:
    """Write *files* to *package*; return one line for each file that changed."""
    changed: list[str] = []
    for name in _stale(files, package):
        (package / name).unlink()
        changed.append(f"removed {name}")
    for name, text in files.items():
        path = package / name
        if not path.exists() or path.read_bytes() != text.encode():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
            changed.append(f"wrote {name}")
    return changed


def _stale(files: Mapping[str, str], package: Path) -> list[str]:
    present = sorted(path.relative_to(package).as_posix() for path in package.glob("_generated/**/*.py"))
    return [name for name in present if name not in files]


def main(arguments: Sequence[str] | None = None, *, package: Path = _PACKAGE) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tripwire_async._codegen", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is out of date")
    parser.add_argument(
        "--description", type=Path, default=_PACKAGE / "_codegen" / "openapi.yaml", help="the OpenAPI document"
    )
    options = parser.parse_args(arguments)
    if importlib.util.find_spec("yaml") is None:
        sys.stderr.write("The generator needs PyYAML, a development dependency. Install it with: pip install pyyaml\n")
        return 2

    from .document import DescriptionError  # noqa: PLC0415 - needs PyYAML

    try:
        files = render(options.description)
    except (DescriptionError, OSError) as error:
        sys.stderr.write(f"{options.description}: {error}\n")
        return 2
    if options.check:
        found = differences(files, package)
        sys.stderr.writelines(f"{line}\n" for line in found)
        return 1 if found else 0
    sys.stdout.writelines(f"{line}\n" for line in write(files, package))
    return 0


if __name__ == "__main__":  # pragma: no cover - a test runs it in a separate process
    sys.exit(main())
