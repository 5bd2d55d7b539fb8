"""Terminal commands for the database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TextIO

import click
from flask import Flask

from bot.settings import Settings
from bot.web.access import secret_keys
from memory.audit_log.audit_trail import AuditTrail
from memory.recall.search import Search
from memory.security.secret_keys import SecretKeys
from memory.security.transport_security import outside_connection, refused, verified
from memory.storage.audit_event import COMMAND_LINE, AuditEvent, Door
from memory.storage.database import Database
from memory.storage.errors import MemoryFault
from memory.storage.migrations import STEPS
from memory.storage.timestamps import now
from memory.upkeep.backup import NAMES, BackupFailed, back_up, restore
from memory.upkeep.database_copy import CopyRefused, copy_all
from memory.upkeep.encryption import NotEncrypted, encrypt
from memory.upkeep.erasure import (
    Erasure,
    Receipt,
    ReceiptRefused,
    carry_over,
    erase_in_copy,
    erased_of,
    one_file,
    verify,
)
from memory.upkeep.erasure_register import LIST, NOBODY, ErasedList, read_list

CLOSED = ("restore", "encrypt", "receipt")  # they need the database closed, or none


RECEIPT_FILES = click.option(
    "--receipts",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Receipts of erasures, where nothing else knows of them.",
)


def register_keeping(
    app: Flask, db: Database, search: Search, erasure: Erasure, settings: Settings, keys: SecretKeys
) -> None:
    """Those that work while the program runs."""
    for command in (
        _backup(db, settings.database_key or None),
        _copy(db, search, settings, keys),
        _reindex(search),
        _erase_again(erasure, settings, keys),
    ):
        app.cli.add_command(command)


def register_closed(app: Flask, settings: Settings) -> None:
    """Those in CLOSED, which need the program stopped."""
    for command in (_restore(settings), _encrypt(settings), _receipt(settings)):
        app.cli.add_command(command)


def _backup(db: Database, key: str | None) -> click.Command:
    @click.command()
    @click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
    def backup(file: Path) -> None:
        """Copy the running database into FILE, checked and complete."""
        try:
            click.echo(f"backed up into {back_up(Path(db.name), file, key=key)}")
        except BackupFailed as fault:
            raise click.ClickException(str(fault)) from fault

    return backup


def _copy(db: Database, search: Search, settings: Settings, keys: SecretKeys) -> click.Command:
    @click.command()
    @click.option("--to", "url", required=True, metavar="postgresql://…", help="An empty database.")
    def copy(url: str) -> None:
        """Copy everything into another database and check what arrived. Stop the program first."""
        plain_hosts = settings.memory.plain_hosts
        try:
            if plain := refused([outside_connection("DATABASE_URL", url)], plain_hosts):
                raise click.ClickException("\n".join(plain))
            other = Database(verified(url, plain_hosts))
            other.migrate(STEPS)
            click.echo("copying, table by table:")
            counts = copy_all(db, other, _say)
            again = Erasure(other, now, keys).erase_again(_listed(settings, keys))
        except (CopyRefused, MemoryFault) as fault:
            raise click.ClickException(str(fault)) from fault
        index = search.on(other)
        with click.progressbar(length=counts["messages"], label="indexing") as bar:
            while done := index.catch_up():
                bar.update(done)
        if again:
            click.echo(f"{again} people who were erased since are erased in it, too")
        click.echo(f"{sum(counts.values())} rows in {len(counts)} tables, each checked; now set DATABASE_URL")

    return copy


def _say(table: str, done: int, total: int) -> None:
    click.echo(f"\r{table:<24} {done} of {total}", nl=done == total)


def _reindex(search: Search) -> click.Command:
    @click.command()
    def reindex() -> None:
        """Index every message anew for recall; it goes on answering meanwhile."""
        with click.progressbar(length=1000, label="indexing") as bar:
            search.rebuild(lambda done, total: bar.update(1000 * done // max(total, 1) - bar.pos))

    return reindex


def _restore(settings: Settings) -> click.Command:
    @click.command("restore")
    @click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
    @RECEIPT_FILES
    def command(file: Path, receipts: Sequence[Path]) -> None:
        """Put the backup FILE in the database's place. Stop the program first; the replaced file is kept.

        People erased since the backup are erased in it again: those that the replaced database knows, those in
        erased.txt beside FILE and in BACKUP_DIR, and those of the receipts that you name.
        """
        _need_a_file(settings)
        try:
            change = partial(_erase_since, settings, file, receipts)
            kept = restore(file, settings.database_path, now(), key=settings.database_key or None, change=change)
        except (BackupFailed, ReceiptRefused) as fault:
            raise click.ClickException(str(fault)) from fault
        click.echo(f"{settings.database_path} is now as {file} was; start the program")
        if kept is not None:
            click.echo(
                f"what it replaced is kept as {kept}: it still holds whom you erase from now on, so remove it soon"
            )

    return command


def _erase_since(settings: Settings, backup: Path, receipts: Sequence[Path], copy: Path) -> None:
    """Applies every list of erased people that is at hand to `copy`."""
    key, keys = settings.database_key or None, secret_keys(settings)
    listed = read_list(backup.with_name(LIST), keys).joined(_listed(settings, keys)).joined(_of_files(receipts, keys))
    if settings.database_path.exists():
        listed = listed.joined(carry_over(settings.database_path, copy, key, keys))
    again = erase_in_copy(copy, key, listed, now, keys)
    _note_restore(copy, key, backup)
    if again:
        click.echo(f"{again} people who were erased since are erased in it, too")


def _note_restore(copy: Path, key: str | None, backup: Path) -> None:
    db = Database(copy, key=key)
    event = AuditEvent(COMMAND_LINE, Door.COMMAND_LINE, "restore", subject=str(backup.absolute()))
    AuditTrail(db, now).append(event)
    db.close()
    one_file(copy, key)


def _listed(settings: Settings, keys: SecretKeys) -> ErasedList:
    return read_list(Path(settings.backup_dir) / LIST, keys) if settings.backup_dir else NOBODY


def _of_files(receipts: Sequence[Path], keys: SecretKeys) -> ErasedList:
    """Raises ReceiptRefused with the file's name."""
    whole = NOBODY
    for file in receipts:
        try:
            whole = whole.joined(erased_of(_receipts_in(file.read_text(encoding="utf-8")), keys))
        except (ValueError, ReceiptRefused) as fault:
            raise ReceiptRefused(f"{file}: {fault}") from fault
    return whole


def _receipts_in(text: str) -> list[Receipt]:
    """One receipt, or one a line. Raises ValueError."""
    try:
        found = [json.loads(text)]
    except ValueError:
        found = [json.loads(line) for line in text.splitlines() if line.strip()]
    return [each if isinstance(each, dict) else {} for each in found]


def _erase_again(erasure: Erasure, settings: Settings, keys: SecretKeys) -> click.Command:
    @click.command("erase-again")
    @click.argument("receipts", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
    def command(receipts: Sequence[Path]) -> None:
        """Erase everybody again whom a receipt in RECEIPTS, or erased.txt in BACKUP_DIR, says was erased.

        For a new machine, or data that came from elsewhere. They are recognised from now on: import refuses them.
        """
        try:
            again = erasure.erase_again(_of_files(receipts, keys).joined(_listed(settings, keys)))
        except ReceiptRefused as refused:
            raise click.ClickException(str(refused)) from refused
        erasure.scrub()
        click.echo(f"{again} people were here and are erased again")

    return command


def _encrypt(settings: Settings) -> click.Command:
    @click.command("encrypt")
    @click.option("--new-key", is_flag=True, help="Change from DATABASE_KEY to DATABASE_NEW_KEY.")
    def command(new_key: bool) -> None:
        """Encrypt the database and its backups with DATABASE_KEY. Stop the program first."""
        _need_a_file(settings)
        name = "DATABASE_NEW_KEY" if new_key else "DATABASE_KEY"
        key = settings.database_new_key if new_key else settings.database_key
        if not key:
            raise click.ClickException(f"set {name} first: 64 hexadecimal digits, openssl rand -hex 32 makes them")
        backups = sorted(Path(settings.backup_dir).glob(NAMES)) if settings.backup_dir else []
        for file in (settings.database_path, *backups):  # the database first: if it fails, the backups stay as they are
            _encrypt_one(file, settings.database_key or None, key)
        _say_what_is_left(settings, new_key)

    return command


def _encrypt_one(file: Path, key: str | None, new_key: str) -> None:
    try:
        rows = encrypt(file, key, new_key)
    except NotEncrypted as fault:
        raise click.ClickException(str(fault)) from fault
    click.echo(f"{file}: encrypted, {rows} rows compared; the old file's bytes are overwritten")


def _say_what_is_left(settings: Settings, new_key: bool) -> None:
    if new_key:
        click.echo("Now make DATABASE_NEW_KEY the DATABASE_KEY, and remove the old one from the settings.")
    click.echo("Keep a copy of the key apart from the machine: without it the data cannot be read by anybody.")
    click.echo("Not reached: blocks that the disk or file system keeps of what was deleted before (SSDs, snapshots),")
    click.echo("and copies made elsewhere.")
    replaced = sorted(settings.database_path.parent.glob(f"{settings.database_path.name}.before-*"))
    if replaced:
        click.echo(f"Also not encrypted, remove what you don't need: {', '.join(map(str, replaced))}")


def _receipt(settings: Settings) -> click.Command:
    @click.command("receipt")
    @click.argument("file", type=click.File(encoding="utf-8"))
    def command(file: TextIO) -> None:
        """Tell whether the receipt in FILE (- reads it from the input) is this shop's, and unchanged."""
        try:
            told = json.load(file)
            verify(told if isinstance(told, dict) else {}, secret_keys(settings))
        except ValueError as error:
            raise click.ClickException(f"this is not a receipt: {error}") from error
        except ReceiptRefused as refused:
            raise click.ClickException(str(refused)) from refused
        click.echo(f"genuine: receipt {told['receipt']} of {told['brand']}, erased {told['erased_at']}")

    return command


def _need_a_file(settings: Settings) -> None:
    if settings.on_server:
        raise click.ClickException("DATABASE_URL names a server: use its own tools (pg_restore, disk encryption)")
