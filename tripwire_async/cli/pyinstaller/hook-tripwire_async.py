"""Collect the files and modules that PyInstaller cannot find: assets, scripts and modules imported on first use."""
# ruff: noqa: N999 - PyInstaller looks for a file of this name
# PyInstaller is installed only where programs are frozen:
# pyright: basic, reportMissingImports=false, reportMissingModuleSource=false

from PyInstaller.utils.hooks import collect_data_files, collect_submodules, copy_metadata

datas = collect_data_files("tripwire_async") + copy_metadata("tripwire-async")
hiddenimports = collect_submodules("tripwire_async", filter=lambda name: "_codegen" not in name)
