"""Hook for PyInstaller, which finds it by the entry point ``pyinstaller40``."""

from __future__ import annotations

from pathlib import Path


def hook_directories() -> list[str]:
    """Return the directory of the hook."""
    return [str(Path(__file__).parent)]
