"""Terminal commands for operations."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import click
from flask import Flask

from bot.roles import ROLES, at_least
from bot.settings import Settings
from bot.web.access import LONGEST, USUAL_DAYS, InvalidToken, issue_token, read_token
from bot.web.api.conversations import WRITE_PROBE, DoctorFinding, Parts, erase_person
from bot.web.cli.person import memory_command, numbers_command
from memory.ads.graph import Graph
from memory.ads.graph_export import Target, copy_graph
from memory.audit_log.api_tokens import ApiToken, ApiTokens, UnknownToken
from memory.conversations.channel_messages import IN_DOUBT
from memory.conversations.messages import Message
from memory.intake.received_forms import ReceivedForm, ReceivedForms
from memory.security.transport_security import Transport
from memory.storage.errors import DatabaseUnavailable, MemoryFault
from memory.storage.job_runs import JobRuns
from memory.storage.timestamps import Clock, to_text

LEAST_FREE_BYTES = 500 * 1024 * 1024
MOST_SKEW = timedelta(seconds=30)
PATIENCE_SECONDS = 5.0
MOST_REPLAYED = 1_000_000


@dataclass(frozen=True, slots=True)
class MachineFinding:
    name: str
    ok: bool
    sentence: str


def register_commands(app: Flask, parts: Parts) -> None:
    for command in (
        _token(parts),
        _doctor(parts),
        _dead(parts),
        _forms(parts),
        _erase(parts),
        _receipts(parts),
        _graph(parts),
        memory_command(parts),
        numbers_command(parts),
    ):
        app.cli.add_command(command)


def _token(parts: Parts) -> click.Command:
    @click.command()
    @click.option("--role", type=click.Choice(ROLES), help="Needed for a new token.")
    @click.option("--brand", type=click.Choice(list(parts.brands)), help="Limit the token to one brand.")
    @click.option(
        "--days",
        default=USUAL_DAYS,
        show_default=True,
        type=click.FloatRange(0, LONGEST.days, min_open=True),
        help="How long it lasts.",
    )
    @click.option("--list", "listed", is_flag=True, help="Show the tokens that have not run out, without the tokens.")
    @click.option("--revoke", metavar="ID|TOKEN", help="Take this one back, from the next request on.")
    def token(role: str | None, brand: str | None, days: float, listed: bool, revoke: str | None) -> None:
        """Print a bearer token for the API, and nothing else. Or list tokens, or take one back."""
        tokens = ApiTokens(parts.db, parts.clock)
        if (role is not None) + listed + (revoke is not None) != 1:
            raise click.UsageError("give one of --role, --list and --revoke")
        if role is not None:
            click.echo(issue_token(parts.keys, parts.clock, role, brand=brand, days=days, tokens=tokens))
        if listed:
            click.echo("\n".join(map(_token_line, tokens.listed())) or "No token is in use.")
        if revoke is not None:
            found = _token_meant(parts, tokens, revoke)
            tokens.revoke(found)
            click.echo(f"{found.id} is taken back")

    return token


def _token_meant(parts: Parts, tokens: ApiTokens, text: str) -> ApiToken:
    """By id, or by the token itself: those of earlier versions are not listed."""
    try:
        return read_token(text, parts.keys, parts.clock).token if text.count(".") == 2 else tokens.get(text)
    except (InvalidToken, UnknownToken) as unknown:
        raise click.ClickException(str(unknown)) from unknown


def _token_line(token: ApiToken) -> str:
    until, issued = to_text(token.expires_at)[:10], to_text(token.issued_at)[:10]
    state = f"taken back {to_text(token.revoked_at)[:10]}" if token.revoked_at else f"until {until}"
    return f"{token.id}  {token.role}  {token.brand or 'every brand'}  issued {issued}  {state}"


def _doctor(parts: Parts) -> click.Command:
    @click.command()
    def doctor() -> None:
        """Tell what is missing or wrong, and what to do about it. Ends with 1 when something is."""
        findings = [*examine(parts)]
        for finding in findings:
            click.echo(f"{'ok     ' if finding.ok else 'PROBLEM'}  {finding.name}: {finding.sentence}")
        if not all(finding.ok for finding in findings):
            raise click.exceptions.Exit(1)

    return doctor


def _dead(parts: Parts) -> click.Command:
    @click.command()
    @click.option("--replay", metavar="ID|all", help="Try this message again, or all that have certainly not arrived.")
    def dead(replay: str | None) -> None:
        """List what could not be said or handled; --replay tries it again."""
        if replay is not None:
            click.echo(f"{_replay(parts, replay)} to be tried again")
            return
        buried = parts.messages.dead()
        click.echo("\n".join(map(_line, buried)) or "Nothing is dead.")

    return dead


def _forms(parts: Parts) -> click.Command:
    stored = ReceivedForms(parts.db, parts.clock)

    @click.command()
    @click.option("--full", is_flag=True, help="With everything that came: names, numbers and texts.")
    @click.option("--most", default=100, show_default=True, type=click.IntRange(1, 100_000), help="So many at most.")
    @click.option("--sort-again", is_flag=True, help="Let the worker read all of them anew, after an update.")
    def forms(full: bool, most: int, sort_again: bool) -> None:
        """List what came from the provider and could not be read, newest first."""
        if sort_again:
            click.echo(f"{stored.sort_again()} to be sorted again")
            return
        lines = [_form_line(form, full=full) for form in stored.set_aside(most=most)]
        click.echo("\n".join(lines) or "Nothing is set aside.")

    return forms


def _form_line(form: ReceivedForm, *, full: bool) -> str:
    # Without `full` no text and no phone number: terminal output ends up in screenshots.
    contact = "" if form.contact_id is None else f"  contact {form.contact_id}"
    line = f"{form.id}  {to_text(form.received_at)[:19]}Z  {form.kind}  {form.set_aside}{contact}"
    return f"{line}\n    {form.form}" if full else line


def _erase(parts: Parts) -> click.Command:
    @click.command()
    @click.argument("phone")
    @click.option("--brand", type=click.Choice(list(parts.brands)), default=parts.brands[0], show_default=True)
    @click.option("--receipt", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Write it there.")
    @click.confirmation_option(prompt="Erase everything about this person? It cannot be brought back.")
    def erase(phone: str, brand: str, receipt: Path | None) -> None:
        """Erase a person, by phone number or WhatsApp user id."""
        try:
            gone = erase_person(parts, brand, phone)
        except MemoryFault as fault:
            raise click.ClickException(str(fault)) from fault
        for table, rows in gone["erased"].items():
            click.echo(f"{rows:7d}  {table}")
        click.echo(f"{gone['at_provider']:7d}  messages handed over for removal at the provider")
        _give(gone["receipt"], receipt)

    return erase


def _receipts(parts: Parts) -> click.Command:
    @click.command()
    @click.option("--brand", type=click.Choice(list(parts.brands)), default=parts.brands[0], show_default=True)
    def receipts(brand: str) -> None:
        """Print the receipts of a brand's erased people, one a line, the newest first."""
        for receipt in parts.erasure.receipts(brand):
            click.echo(json.dumps(receipt, ensure_ascii=False))

    return receipts


def _give(receipt: dict[str, Any], file: Path | None) -> None:
    written = json.dumps(receipt, indent=2, ensure_ascii=False)
    if file is None:
        click.echo(written)
        return
    file.write_text(written + "\n", encoding="utf-8")
    click.echo(f"the signed receipt is in {file}; flask --app app receipt {file} checks it")


def _graph(parts: Parts) -> click.Command:
    @click.command()
    @click.option("--to", "url", required=True, metavar="URL", help="bolt://user@host:7687/database")
    @click.option("--brand", type=click.Choice(list(parts.brands)), default=parts.brands[0], show_default=True)
    @click.option("--days", default=90, show_default=True, type=click.IntRange(1, 36_500), help="Chats and orders of.")
    @click.option("--password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    def graph(url: str, brand: str, days: int, password_file: Path | None) -> None:
        """Copy the graph of ads, chats and orders to a server that speaks Neo4j's Bolt; again and again, if you like."""
        password = password_file.read_text().strip() if password_file else ""
        since = (parts.clock() - timedelta(days=days)).date()
        try:
            copied = copy_graph(
                Graph.over(parts.db, parts.clock), brand, Target.read(url, password=password), since=since
            )
        except MemoryFault as fault:
            raise click.ClickException(str(fault)) from fault
        click.echo(
            f"{copied.nodes} nodes and {copied.relations} relations are there, {copied.removed} nodes were removed"
        )

    return graph


def _replay(parts: Parts, which: str) -> int:
    """The number of messages to be retried."""
    if which == "all":
        return _replay_all(parts)
    try:
        parts.messages.replay(int(which))
    except ValueError:
        raise click.BadParameter("give a message's number from the list, or: all", param_hint="--replay") from None
    except MemoryFault as fault:
        raise click.ClickException(str(fault)) from fault
    return 1


def _replay_all(parts: Parts) -> int:
    # What may have arrived is sent again one by one, by somebody who has read the chat.
    listed = [message for message in parts.messages.dead(limit=MOST_REPLAYED) if message.cause not in IN_DOUBT]
    for message in reversed(listed):
        parts.messages.replay(message.id)
    return len(listed)


def _line(message: Message) -> str:
    # No text and no phone number: terminal output ends up in screenshots.
    way = "from" if message.role == "user" else "to"
    reason = message.error or (f"error {message.error_code}" if message.error_code else "reason not known")
    return f"{message.id}  {to_text(message.at)[:19]}Z  {message.brand}  {way} contact {message.contact_id}  {reason}"


def examine(parts: Parts) -> Iterator[DoctorFinding]:
    yield database(parts)
    yield connections(parts.settings)
    yield disk(Path(parts.settings.memory.storage_dir))
    yield model(parts.settings)
    model_url = parts.settings.openai_base_url if parts.settings.openai_api_key else ""
    yield clock_skew(parts.settings.channel_api_url or model_url, parts.clock)
    yield staff(parts.settings)
    for part in parts.examined:
        yield from part.examine()


def database(parts: Parts) -> MachineFinding:
    try:
        with parts.db.transaction(durable=True):
            JobRuns(parts.db, parts.clock).note(WRITE_PROBE)
    except DatabaseUnavailable as fault:
        return MachineFinding(
            "database", False, f"{parts.db.name}: {fault}; check the folder's owner and that it is not full"
        )
    return MachineFinding("database", True, f"{parts.db.name} can be written")


def connections(settings: Settings) -> MachineFinding:
    """Plain ones are named: those to other machines are there because PLAIN_HOSTS allows them."""
    words = {
        Transport.LOCAL: "on this machine",
        Transport.ENCRYPTED: "encrypted and verified",
        Transport.PLAIN: "PLAIN",
    }
    told = [f"{each.setting} {each.host} {words[each.transport]}".replace("  ", " ") for each in settings.connections()]
    return MachineFinding("connections", True, "; ".join(told))


def disk(folder: Path) -> MachineFinding:
    if not folder.is_dir():
        return MachineFinding("disk", False, f"{folder} is not a folder; create it or set MEMORY_STORAGE_DIR")
    free = shutil.disk_usage(folder).free
    megabytes = free // (1024 * 1024)
    if free < LEAST_FREE_BYTES:
        return MachineFinding(
            "disk", False, f"only {megabytes} MB are free in {folder}; make room, or messages will be refused"
        )
    return MachineFinding("disk", True, f"{megabytes} MB are free in {folder}")


def model(settings: Settings) -> MachineFinding:
    if not settings.openai_api_key:
        return MachineFinding("model", True, "no OPENAI_API_KEY: the built-in writer answers")
    where = f"{settings.openai_base_url.rstrip('/')}/models"
    try:
        _answer(Request(where, headers={"Authorization": f"Bearer {settings.openai_api_key}"}))  # noqa: S310
    except HTTPError as error:
        return _model_answered(where, error.code)
    except (URLError, TimeoutError) as error:
        return MachineFinding(
            "model", False, f"{where} cannot be reached ({error}); check OPENAI_BASE_URL and the network"
        )
    return MachineFinding("model", True, f"{where} answers and takes the key")


def staff(settings: Settings) -> MachineFinding:
    """Whether anybody receives hand-overs."""
    told = [number for number, role in settings.staff.items() if at_least(role, "staff")]
    if not told:
        return MachineFinding(
            "staff", False, "nobody in STAFF is staff or admin: who asks for a person would wait in vain"
        )
    return MachineFinding("staff", True, f"{len(told)} are told when a customer needs a person")


def clock_skew(address: str, clock: Clock) -> MachineFinding:
    """Against the server at `address`; "" if there is none."""
    if not address:
        return MachineFinding("clock", True, "not compared: the channel is simulated and there is no model")
    try:
        there = _answer(Request(address, method="HEAD"))  # noqa: S310
    except HTTPError as error:
        there = error.headers.get("Date")
    except (URLError, TimeoutError) as error:
        return MachineFinding(
            "clock", False, f"{address} cannot be reached to compare clocks ({error}); check the network"
        )
    if there is None:
        return MachineFinding("clock", True, f"not compared: {address} does not tell its time")
    return _skew(parsedate_to_datetime(there), clock())


def _skew(there: datetime, here: datetime) -> MachineFinding:
    apart = abs(there - here)
    if apart > MOST_SKEW:
        return MachineFinding(
            "clock", False, f"the clock is {apart.total_seconds():.0f} s off; turn time synchronisation on"
        )
    return MachineFinding("clock", True, "the clock is right")


def _model_answered(where: str, status: int) -> MachineFinding:
    if status in (401, 403):
        return MachineFinding("model", False, f"{where} does not take the key; check OPENAI_API_KEY")
    if status == 404:
        return MachineFinding("model", True, f"{where} answers; it does not list its models")
    return MachineFinding(
        "model", False, f"{where} answers with {status}; check OPENAI_BASE_URL, or wait and try again"
    )


def _answer(request: Request) -> str | None:
    """The answer's `Date` header."""
    with urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310  # nosec B310 # settings.py takes http and https only
        date: str | None = answer.headers.get("Date")
        return date
