"""Check of a client that openapi-python-client generated: ``python -m tests.codegen.generated_client FOLDER``.

The generator drops operations and responses that it does not understand, and only warns about them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import tripwire_async

DESCRIPTION = Path(tripwire_async.__file__).parent / "_codegen" / "openapi.yaml"


def main(folder: str) -> None:
    """Exit with an error if the client in *folder* lacks an operation or a successful response."""
    modules = [path for path in Path(folder).glob("*/api/*/*.py") if path.name != "__init__.py"]
    incomplete = [path.name for path in modules if "response.status_code == 20" not in path.read_text(encoding="utf-8")]
    operations = DESCRIPTION.read_text(encoding="utf-8").count("operationId:")
    if incomplete or len(modules) != operations:
        sys.exit(f"{len(modules)} of {operations} operations were generated; without a response: {incomplete}")


if __name__ == "__main__":
    main(sys.argv[1])
