"""Terminal commands in the audit log, and the command that reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import click
from flask import Flask

from memory.audit_log.audit_trail import AuditTrail
from memory.people.contacts import Contacts, read_address
from memory.security.secret_keys import SecretKeys
from memory.storage.audit_event import COMMAND_LINE, AuditEvent, Door
from memory.storage.errors import MemoryFault, NotAnAddress
from memory.storage.timestamps import Clock


@dataclass(frozen=True, slots=True)
class AuditedCommand:
    """The parameters that tell the person and the subject; "" for none."""

    person: str = ""
    subject: str = ""


# Commands that read or change people's data, orders, budgets or settings. Those that need the database closed write
# their entry themselves, when it is open again.
AUDITED: Mapping[str, AuditedCommand] = {
    "audit": AuditedCommand(person="person"),
    "backup": AuditedCommand(subject="file"),
    "copy": AuditedCommand(),
    "dead": AuditedCommand(subject="replay"),
    "erase": AuditedCommand(person="phone"),
    "erase-again": AuditedCommand(),
    "export": AuditedCommand(subject="folder"),
    "forms": AuditedCommand(),
    "graph": AuditedCommand(),
    "import": AuditedCommand(subject="folder"),
    "memory": AuditedCommand(person="phone"),
    "numbers": AuditedCommand(),
    "receipts": AuditedCommand(),
    "token": AuditedCommand(subject="role"),  # what it is asked to revoke may be a token itself
}
NOT_AUDITED = ("doctor", "openapi", "reindex", "restore", "encrypt", "receipt", "worker")
_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


def audit_commands(app: Flask, trail: AuditTrail, contacts: Contacts, first_brand: str) -> None:
    """Write an entry before any of these commands runs; call it after all are registered."""
    for name, command in app.cli.commands.items():
        if name in AUDITED and command.callback is not None:
            command.callback = _noted(command.callback, name, trail, contacts, first_brand)


def _noted(
    run: Callable[..., Any], name: str, trail: AuditTrail, contacts: Contacts, first_brand: str
) -> Callable[..., Any]:
    told = AUDITED[name]

    @wraps(run)
    def noted(**given: Any) -> Any:
        brand = given.get("brand") or first_brand
        subject = given.get(told.subject) or ""
        event = AuditEvent(
            COMMAND_LINE,
            Door.COMMAND_LINE,
            name,
            brand if "brand" in given else "",
            person=_person(contacts, brand, given.get(told.person)),
            subject=str(subject.absolute() if isinstance(subject, Path) else subject),
        )
        try:
            trail.append(event)
        except MemoryFault as fault:
            raise click.ClickException(str(fault)) from fault
        return run(**given)

    return noted


def _person(contacts: Contacts, brand: str, phone: str | None) -> int | None:
    try:
        found = contacts.known(brand, read_address(phone)) if phone else None
    except NotAnAddress:
        return None
    return None if found is None else found.id


def audit_command(
    trail: AuditTrail, contacts: Contacts, brands: list[str], keys: SecretKeys, days: int, clock: Clock
) -> click.Command:
    @click.command("audit")
    @click.option("--person", metavar="PHONE", help="About this person, by number or WhatsApp user id.")
    @click.option("--brand", type=click.Choice(brands), help="Of this brand and of none.")
    @click.option("--actor", help="By contact:12, token:admin-1f2e, “ad agent”, “command line”.")
    @click.option("--door", type=click.Choice([str(each) for each in Door]))
    @click.option("--action", help="Such as paid, set_budget, export.")
    @click.option("--since", type=_MOMENT, help="UTC.")
    @click.option("--until", type=_MOMENT, help="UTC.")
    @click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500))
    @click.option(
        "--verify", is_flag=True, help="Verify the chain and its checkpoints; ends with 1 where it is broken."
    )
    @click.option("--cut", is_flag=True, help="Delete what is older than AUDIT_DAYS, up to a signed checkpoint.")
    def audit(
        person: str | None, brand: str | None, since: datetime | None, until: datetime | None,
        verify: bool, cut: bool, **narrowed: Any,
    ) -> None:  # fmt: skip
        """Show who read or changed what, the newest first; --verify and --cut look after the log itself."""
        try:
            if cut:
                gone = trail.cut(keys, clock() - timedelta(days=days), COMMAND_LINE)
                click.echo(f"{gone} entries older than {days} days are cut off")
            if verify:
                _verify(trail, keys)
            if cut or verify:
                return
            about = contacts.find(brand or brands[0], person).id if person else None
            found = trail.search(person=about, brand=brand, since=_utc(since), until=_utc(until), **narrowed)
        except MemoryFault as fault:
            raise click.ClickException(str(fault)) from fault
        click.echo("\n".join(map(str, found)) or "The audit log has no such entry.")

    return audit


def _verify(trail: AuditTrail, keys: SecretKeys) -> None:
    found = trail.verify(keys)
    for fault in found.faults:
        click.echo(fault, err=True)
    click.echo(f"{found.entries} entries; the last hash is {found.head}")
    if found.faults:
        raise click.exceptions.Exit(1)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
