"""Terminal commands `export DIR` and `import DIR`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import click
from flask import Flask

from memory.storage.errors import MemoryFault
from memory.upkeep.import_export import ExportPart, pending, read, write


class Exported(Protocol):
    """Implemented by `bot.wiring.web.BrandArchive`."""

    def parts_of(self, brand: str) -> Sequence[ExportPart]:
        """A brand's parts, in import order."""


def register_moving(app: Flask, brands: Sequence[str], exported: Exported) -> None:
    """The first of `brands` is the default."""
    for command in (_export(brands, exported), _import(brands, exported)):
        app.cli.add_command(command)


def _export(brands: Sequence[str], exported: Exported) -> click.Command:
    @click.command("export")
    @click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
    @click.option("--brand", type=click.Choice(list(brands)), default=brands[0], show_default=True)
    def export(folder: Path, brand: str) -> None:
        """Write conversations, campaigns and records into DIR, as JSON that only you may read."""
        parts = exported.parts_of(brand)
        try:
            with click.progressbar(length=sum(part.size() for part in parts), label="writing") as bar:
                done = write(folder, parts, lambda: bar.update(1))
        except MemoryFault as fault:
            raise click.ClickException(str(fault)) from fault
        click.echo(f"{done} files of {brand} are in {folder}")

    return export


def _import(brands: Sequence[str], exported: Exported) -> click.Command:
    @click.command("import")
    @click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
    @click.option("--brand", type=click.Choice(list(brands)), default=brands[0], show_default=True)
    def import_(folder: Path, brand: str) -> None:
        """Take in what `export` wrote. Nobody is answered or written to; what is known already is not doubled."""
        parts = exported.parts_of(brand)
        try:
            with click.progressbar(length=pending(folder, parts), label="reading") as bar:
                faults = read(folder, parts, lambda: bar.update(1))
                done = bar.pos
        except MemoryFault as fault:
            raise click.ClickException(str(fault)) from fault
        for fault_found in faults:
            click.echo(str(fault_found), err=True)
        click.echo(f"{done} files of {folder} are read into {brand}; {len(faults)} records could not be taken")

    return import_
