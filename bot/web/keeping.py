"""Terminal commands that keep the data: back up, copy to a server, index anew."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask

from memory.backup import BackupFailed, back_up
from memory.copying import CopyRefused, copy_all
from memory.database import Database
from memory.errors import MemoryFault
from memory.schema import STEPS
from memory.search import Search


def register_keeping(app: Flask, db: Database, search: Search) -> None:
    """Add the commands to `app`."""
    for command in (_backup(db), _copy(db, search), _reindex(search)):
        app.cli.add_command(command)


def _backup(db: Database) -> click.Command:
    @click.command()
    @click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
    def backup(file: Path) -> None:
        """Copy the running database into FILE, checked and complete."""
        try:
            click.echo(f"backed up into {back_up(Path(db.name), file)}")
        except BackupFailed as fault:
            raise click.ClickException(str(fault)) from fault

    return backup


def _copy(db: Database, search: Search) -> click.Command:
    @click.command()
    @click.option("--to", "url", required=True, metavar="postgresql://…", help="An empty database.")
    def copy(url: str) -> None:
        """Copy everything into another database and check what arrived. Stop the program first."""
        try:
            other = Database(url)
            other.migrate(STEPS)
            click.echo("copying, table by table:")
            counts = copy_all(db, other, _say)
        except (CopyRefused, MemoryFault) as fault:
            raise click.ClickException(str(fault)) from fault
        _index(search.on(other), counts["messages"])
        click.echo(f"{sum(counts.values())} rows in {len(counts)} tables, each checked; now set DATABASE_URL")

    return copy


def _say(table: str, done: int, total: int) -> None:
    click.echo(f"\r{table:<24} {done} of {total}", nl=done == total)


def _index(search: Search, messages: int) -> None:
    with click.progressbar(length=messages, label="indexing") as bar:
        while done := search.catch_up():
            bar.update(done)


def _reindex(search: Search) -> click.Command:
    @click.command()
    def reindex() -> None:
        """Index every message anew for recall; it goes on answering meanwhile."""
        with click.progressbar(length=1000, label="indexing") as bar:
            search.rebuild(lambda done, total: bar.update(1000 * done // max(total, 1) - bar.pos))

    return reindex
