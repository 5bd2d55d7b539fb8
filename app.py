"""Puts the parts together; nothing else knows which parts are real.

python app.py            web, worker and clock in one process: what `make run` does
flask --app app worker   a worker of its own, with the clock
gunicorn "app:web()"     the web part of its own
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import click
from flask import Flask

from bot.ads.agent import Agency, Around, Practice, put_together
from bot.ads.alarms.hourly_check import Shop as AdShop
from bot.ads.alarms.rules import Desk as AdDesk
from bot.ads.facebook import connect, version_warning
from bot.ads.new_ads.compliance import Claims
from bot.ads.new_ads.copywriter import Copywriter
from bot.ads.new_ads.launch import Thinking
from bot.ads.practice import Shoppers, read_practice
from bot.ads.reports.charts import Gallery
from bot.ads.reports.morning_report import Tell
from bot.ads.tasks.asana import Asana
from bot.ads.tasks.task_list import AsanaTwins
from bot.brands import Brand, BrandNumbers, BrandsWrong, read_brands
from bot.channels.sender_account import local_url
from bot.channels.simulator import Pace, SmallTwilio
from bot.channels.simulator import blueprint as simulator
from bot.channels.twilio import WhatsApp
from bot.delivery.maintenance import Backups, Forgetting, Retention
from bot.delivery.media_understanding import MediaModel, MediaUnderstanding
from bot.delivery.missed_messages import CatchUp
from bot.delivery.outbox import Outbox
from bot.delivery.scheduler import ClockWork, Job, Leadership
from bot.delivery.staff_messages import StaffMessages
from bot.delivery.turn_router import TurnRouter
from bot.delivery.worker import Hands, Worker
from bot.language.detection import detect
from bot.language.money import Money
from bot.language.reading.message_type import classify
from bot.model.language_model import LanguageModel
from bot.promises.check import Facts as PromiseFacts
from bot.promises.check import check
from bot.sales.answering.model_writer import ModelDesk, Senses
from bot.sales.background_reading import Reader
from bot.sales.desk import Seller
from bot.sales.situation import Shop
from bot.settings import Settings, WrongSetting
from bot.shop.catalogue import Catalogue, read_catalogue
from bot.shop.exchange_rates import Rates, RatesNotRefreshed
from bot.staff.commands.ad_commands import AdCommands
from bot.staff.commands.shop_commands import Commands
from bot.staff.questions.built_in_answers import Answering
from bot.staff.questions.model_answers import Thinking as StaffThinking
from bot.staff.staff_members import Staff
from bot.web.access import public, signing_secret
from bot.web.api.ads import AdParts, ads, register_ads
from bot.web.api.conversations import Parts, register
from bot.web.cli.database import CLOSED, register_closed, register_keeping
from bot.web.cli.import_export import register_moving
from bot.web.cli.operations import register_commands
from bot.web.pages import pages
from bot.web.webhook import Door, webhook
from memory.ads.ad_account import AdAccount
from memory.ads.charts import Charts
from memory.ads.learnings.campaign_records import CampaignRecords
from memory.ads.learnings.strategy import Strategy
from memory.agents.memory_manager import MemoryManager
from memory.agents.workflows import end_silent_sessions
from memory.audit_log.staff_commands import Deeds
from memory.conversation import ConversationMemory
from memory.conversations.analytics import Analytics
from memory.conversations.attachments import Attachments
from memory.conversations.backfill import Past
from memory.conversations.handovers import Handovers
from memory.conversations.intake import Intake
from memory.conversations.messages import Messages
from memory.conversations.reading_progress import Readings
from memory.conversations.sessions import Sessions
from memory.conversations.summaries import Summaries
from memory.conversations.turns import Turns
from memory.people.contacts import Contacts
from memory.people.facts import Facts
from memory.recall.search import Search
from memory.shop.catalogue_items import Goods
from memory.shop.orders import Orders
from memory.storage.database import Database
from memory.storage.errors import DatabaseUnavailable
from memory.storage.job_runs import JobRuns, Switches
from memory.storage.migrations import STEPS
from memory.storage.quotas import Limits
from memory.storage.timestamps import Clock, now
from memory.upkeep.conversation_json import Dossiers
from memory.upkeep.erasure import Erasure
from memory.upkeep.import_export import ConversationFiles, OneFile, Part, RecordFiles

HERE = Path(__file__).parent
CATALOGUE = HERE / "data" / "catalogue.csv"
ROSTER = HERE / "data" / "practice.toml"
ANSWER_TWILIO_WITHIN = 3.0  # seconds; it is told to wait four, and to come again after a 503
log = logging.getLogger("hawker")


@dataclass(frozen=True, slots=True)
class Memory:
    """The stores, over one database."""

    db: Database
    contacts: Contacts
    sessions: Sessions
    messages: Messages
    facts: Facts
    orders: Orders
    goods: Goods
    handovers: Handovers
    attachments: Attachments
    intake: Intake
    runs: JobRuns
    switches: Switches
    readings: Readings
    summaries: Summaries

    @classmethod
    def opened(cls, settings: Settings, brands: BrandNumbers, clock: Clock, *, patience: float = 15.0) -> Memory:
        """Opens the database of the settings, brings it up to date; a write waits `patience` seconds for another."""
        db = Database(settings.database_url, timeout=patience, key=settings.database_key or None)
        db.migrate(STEPS)
        contacts = Contacts(db, clock)
        sessions = Sessions(db, timeout=timedelta(hours=settings.memory.session_timeout_hours))
        messages = Messages(db, contacts, sessions, clock, quiet_seconds=settings.reply_quiet_seconds)
        return cls(
            db=db,
            contacts=contacts,
            sessions=sessions,
            messages=messages,
            facts=Facts(db, clock),
            orders=Orders(db, clock),
            goods=Goods(db, clock),
            handovers=Handovers(db, clock, hours={brand.id: brand.handover_hours for brand in brands.brands.values()}),
            attachments=Attachments(db, clock),
            intake=Intake(db, messages),
            runs=JobRuns(db, clock),
            switches=Switches(db, clock),
            readings=Readings(db),
            summaries=Summaries(db, clock),
        )


@dataclass(frozen=True, slots=True)
class Program:
    """Everything of one process. Nothing runs before `start`."""

    settings: Settings
    memory: Memory
    agents: MemoryManager
    turns: Turns
    desk: TurnRouter
    channel: WhatsApp
    twilio: SmallTwilio | None  # the simulator, where no account is set
    web: Flask
    worker: Worker
    clock_work: ClockWork
    model: LanguageModel | None
    agency: Agency
    clock: Clock
    secret: str  # signs tokens

    def start(self) -> None:
        """Worker and clock, in threads of their own; what is slow the first time is done before a customer waits."""
        threading.Thread(target=self._warm, name="warm", daemon=True).start()
        self.worker.start()
        self.clock_work.start()

    def stop(self) -> None:
        """Finish what is under way, then stop."""
        self.clock_work.stop()
        self.worker.stop()
        if self.model is not None:
            self.model.close()
        if self.twilio is not None:
            self.twilio.stop()

    def _warm(self) -> None:
        classify("hello")
        detect("where can I see what you have to offer?")
        if self.model is not None:
            self.model.warm()


def assemble(settings: Settings, *, clock: Clock = now, pace: Pace | None = None, roster: Path = ROSTER) -> Program:
    """All parts of one process, wired and not yet running. `roster` lists the practice accounts."""
    brands = BrandNumbers(read_brands(Path(settings.brands_file)), settings.twilio_whatsapp_from)
    memory = Memory.opened(settings, brands, clock)
    twilio = _small_twilio(settings, brands, clock, pace) if settings.simulated else None
    channel = WhatsApp(settings, clock, twilio.account if twilio else None)
    staff = Staff(memory.contacts, settings.staff, brands)
    agents = MemoryManager(settings.memory, db=memory.db, clock=clock)
    erasure = _erasure(settings, memory.db, agents, clock)
    turns = Turns(memory.db, memory.messages, clock, staff=staff)
    wake = threading.Event()
    outbox = Outbox(
        memory.db,
        memory.contacts,
        memory.messages,
        turns,
        memory.switches,
        channel,
        clock,
        brands.brands,
        staff,
        erasure,
    )
    rates = Rates(Path(settings.memory.storage_dir) / "rates", clock)
    model = LanguageModel.from_settings(settings, clock)
    limits = Limits(memory.db, clock)
    model_desk = ModelDesk(model, limits, clock) if model else None
    search = Search(memory.db, vectors=settings.memory.enable_vector_search)
    seller = Seller(_shop(settings, memory, brands, rates, search, agents, clock), memory.contacts, model_desk)
    catch_up = CatchUp(channel, memory.intake, memory.runs, brands, clock, wake)
    facebook = connect(settings, brands.brands, clock)
    practice = None if facebook else _practice(settings, roster, clock)
    accounts = facebook.by_brand() if facebook else practice.by_brand() if practice else {}
    ad_clock = practice.clock if practice else clock
    around = Around(
        convert=_converter(rates),
        tell=StaffMessages(memory.db, memory.messages, staff).tell,
        gallery=Gallery(Charts(memory.db, clock), signing_secret(settings), local_url(settings), clock),
        shop=_asked(memory, turns, brands, rates, clock),
        agents=agents,
        real_clock=clock,
        thinking=Thinking(
            claims=lambda brand: _claims(memory, brands.brands[brand], clock),
            goods=lambda brand: memory.goods.items(brand),
            writer=Copywriter(model, limits, clock) if model else None,
        ),
    )
    agency = put_together(memory.db, brands.brands, accounts, practice, ad_clock, around)
    desk = TurnRouter(
        seller,
        Commands(
            memory.contacts,
            memory.messages,
            memory.handovers,
            memory.orders,
            memory.goods,
            order_listener=seller,
            ads=_ad_commands(agency, memory, model, limits, brands, clock),
        ),
        staff,
        MediaUnderstanding(channel, memory.attachments, memory.messages, _understanding(model, limits, brands)),
    )
    worker = Worker(
        Hands(
            contacts=memory.contacts,
            turns=turns,
            outbox=outbox,
            handler=desk,
            channel=channel,
            staff=staff,
            clock=clock,
            deadline=timedelta(seconds=settings.reply_deadline_seconds),
        ),
        wake,
    )
    reader = Reader(
        memory.contacts, memory.facts, memory.readings, memory.summaries, brands.brands, limits, clock, model
    )
    jobs = _ad_jobs(agency, _shoppers(settings, practice, twilio, memory, clock), JobRuns(memory.db, ad_clock)) + _jobs(
        settings,
        catch_up,
        _upkeep(settings, memory, agents, erasure, brands, staff, channel, clock),
        search,
        reader,
        rates,
        limits,
        clock,
    )
    jobs += _asana_jobs(settings, agency, around.tell, clock)
    jobs.append(Job("silence", timedelta(hours=1), lambda: log.info("%s customers fell silent", seller.note_lost())))
    memory.db.wake(wake)
    clock_work = ClockWork(jobs, memory.runs, _clock_lock(settings))
    web = Flask("hawker", root_path=str(HERE / "bot" / "web"))
    at_the_door = Memory.opened(settings, brands, clock, patience=ANSWER_TWILIO_WITHIN)
    door = Door(channel, at_the_door.intake, outbox, brands, wake)
    web.register_blueprint(webhook(door))
    web.register_blueprint(simulator(twilio))
    web.register_blueprint(pages(settings))
    parts = Parts(
        settings=settings,
        secret=signing_secret(settings),
        clock=clock,
        brands=list(brands.brands),
        db=memory.db,
        contacts=memory.contacts,
        conversations=_conversations(settings, memory, brands, search, clock),
        messages=memory.messages,
        turns=turns,
        analytics=Analytics(memory.db, clock),
        provider=outbox,
        examined=[channel, *([facebook] if facebook else [])],
        erasure=erasure,
    )
    register(web, parts, ads)
    register_ads(web, AdParts(agency.answers, agency.memory.attribution, agency.memory.records))
    register_commands(web, parts)
    register_keeping(web, memory.db, search, settings)
    register_closed(web, settings)
    register_moving(web, parts.brands, BrandArchive(settings, memory, brands, clock))
    for endpoint, view in web.view_functions.items():
        if endpoint.startswith("simulator.") or endpoint in ("pages.front", "pages.simulator"):
            public(view)  # the small Twilio checks its own callers, and is off with a real account
    return Program(
        settings,
        memory,
        agents,
        turns,
        desk,
        channel,
        twilio,
        web,
        worker,
        clock_work,
        model,
        agency,
        clock,
        parts.secret,
    )


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What the clock tidies."""

    forgetting: Forgetting
    retention: Retention
    end_silent_sessions: Callable[[], None]
    backups: Backups | None  # None without BACKUP_DIR, and on a server, which has its own


def web() -> Flask:
    """For gunicorn: the web part alone; a worker runs beside it."""
    return _ready().web


def everything() -> Flask:
    """For gunicorn with one worker: web, worker and clock in one process."""
    program = _ready()
    program.start()
    program.web.config["STOP"] = program.stop  # deploy/gunicorn.conf.py calls it when the process ends
    return program.web


def create_app() -> Flask:
    """For `flask --app app …`: the commands; those that need the database closed come without a program."""
    if _asked_for() in CLOSED:
        closed = Flask("hawker")
        register_closed(closed, _settings())
        return closed
    program = _ready()

    @program.web.cli.command("worker")
    def worker() -> None:
        """Answer messages in this process until it is told to stop."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: program.worker.halt())
        if program.model is not None:
            program.model.warm()
        program.clock_work.start()
        program.worker.run()
        program.clock_work.stop()

    return program.web


def _asked_for() -> str | None:
    """The command of `flask --app app COMMAND …`, before Flask has loaded the program that has it."""
    words = iter(sys.argv[1:])
    for word in words:
        if word in ("--app", "-A", "--env-file", "-e"):
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


def main() -> None:
    """Serve everything on PORT."""
    settings = _settings()
    _require_free(settings.port)
    _greet(settings)
    os.environ["WEB_CONCURRENCY"] = "1"
    os.environ["PORT"] = str(settings.port)  # gunicorn does not read .env
    arguments = ["gunicorn", "--config", str(HERE / "deploy" / "gunicorn.conf.py"), "app:everything()"]
    os.execv(sys.executable, [sys.executable, "-m", *arguments])  # noqa: S606


def log_at(level: str) -> None:
    """Log our own words from `level` up, other packages' only from WARNING.

    Theirs tell too much below: urllib3 the address of each call with the phone number in it, a model's client all of
    the conversation.
    """
    named = logging.getLevelNamesMapping()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger().setLevel(max(named[level], logging.WARNING))
    for ours in ("hawker", "bot", "memory"):
        logging.getLogger(ours).setLevel(level)


def _ready() -> Program:
    settings = _settings()
    log_at(settings.log_level)
    try:
        return assemble(settings)
    except (BrandsWrong, WrongSetting) as wrong:
        raise SystemExit(f"Hawker cannot start.\n{wrong}") from wrong
    except DatabaseUnavailable as fault:
        raise SystemExit(f"Hawker cannot start: its database is {settings.database_path}.\n{fault}") from fault


def _settings() -> Settings:
    try:
        return Settings.from_environment()
    except WrongSetting as wrong:
        raise SystemExit(f"Hawker cannot start: a setting is wrong.\n{wrong}") from wrong


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does: a port just left counts as free
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as taken:
            another = f"stop what listens there, or choose another: PORT={port + 1 if port < 65535 else 8000} make run"
            raise SystemExit(f"Hawker cannot serve on port {port} ({taken.strerror}); {another}") from taken


def _greet(settings: Settings) -> None:
    here = f"http://127.0.0.1:{settings.port}"
    if settings.simulated:
        click.echo(f"Try it:     {here}/simulator   (Twilio is simulated: set TWILIO_ACCOUNT_SID for the real one)")
    else:
        click.echo(f"Webhook:    {settings.public_url}/webhook/whatsapp   (Twilio is real)")
    model = settings.openai_model if settings.openai_api_key else "the built-in writer (set OPENAI_API_KEY for a model)"
    click.echo(f"Answers by: {model}")
    click.echo(f"API:        {here}/openapi.json   (a token: .venv/bin/flask --app app token --role analyst)")


def _clock_lock(settings: Settings) -> Path | Leadership:
    if settings.on_server:
        from memory.storage.postgres import ServerLock

        return ServerLock(settings.database_url, "clock")
    return settings.database_path.parent / "clock.lock"


def _small_twilio(settings: Settings, brands: BrandNumbers, clock: Clock, pace: Pace | None) -> SmallTwilio:
    here = local_url(settings)
    api = f"http://127.0.0.1:{settings.port}/simulator/twilio"
    senders = tuple(number for brand in brands.brands.values() for number in brand.whatsapp)
    store = settings.database_path.with_name("simulator.db")
    return SmallTwilio(here, api, clock, path=store, senders=senders, pace=pace)


def _shop(
    settings: Settings,
    memory: Memory,
    brands: BrandNumbers,
    rates: Rates,
    search: Search,
    agents: MemoryManager,
    clock: Clock,
) -> Shop:
    """The catalogue is read again at each start; stock that was sold since stays sold while the file is the same."""
    read = read_catalogue(CATALOGUE)
    for fault in read.faults:
        log.error("the catalogue has a row that cannot be used: %s", fault)
    memory.goods.replace(read.items, read.digest)
    catalogues = {
        brand.id: Catalogue(memory.goods, rates, brand.id, brand.currency) for brand in brands.brands.values()
    }
    return Shop(
        brands=brands.brands,
        catalogues=catalogues,
        rates=rates,
        goods=memory.goods,
        messages=memory.messages,
        facts=memory.facts,
        orders=memory.orders,
        handovers=memory.handovers,
        clock=clock,
        agents=agents,
        most_history=settings.memory.max_messages_per_session,
        session=timedelta(hours=settings.memory.session_timeout_hours),
        readings=memory.readings,
        search=search,
        summaries=memory.summaries,
    )


def _conversations(
    settings: Settings, memory: Memory, brands: BrandNumbers, search: Search, clock: Clock
) -> dict[str, ConversationMemory]:
    """Each brand's memory of its people, over the stores' own database."""
    return {
        brand.id: ConversationMemory(
            db=memory.db,
            brand=brand.id,
            our_number=brands.number_of(brand.id),
            settings=settings.memory,
            search=search,
            zone=brand.time_zone,
            clock=clock,
        )
        for brand in brands.brands.values()
    }


@dataclass(frozen=True, slots=True)
class BrandArchive:
    """What `flask export` writes and `flask import` reads."""

    settings: Settings
    memory: Memory
    brands: BrandNumbers
    clock: Clock

    def parts_of(self, brand: str) -> list[Part]:
        """Conversations, campaigns, strategy and records."""
        db, clock = self.memory.db, self.clock
        timeout = timedelta(hours=self.settings.memory.session_timeout_hours)
        dossiers = Dossiers(db, clock, brand=brand, our_number=self.brands.number_of(brand), timeout=timeout)
        return [
            ConversationFiles(dossiers),
            OneFile("campaign_memory.json", brand, CampaignRecords(db, clock)),
            OneFile("strategic_memory.json", brand, Strategy(db, clock)),
            RecordFiles(db, Past(db, self.memory.sessions, clock)),
        ]


def _understanding(model: LanguageModel | None, limits: Limits, brands: BrandNumbers) -> MediaModel | None:
    if model is None:
        return None
    budget = min(brand.daily_model_budget_usd for brand in brands.brands.values())
    return Senses(model, limits, daily_budget_usd=budget)


def _practice(settings: Settings, roster: Path, clock: Clock) -> Practice | None:
    if not settings.practice_days_per_hour:
        return None
    path = settings.database_path.with_name("practice.db")
    return Practice.opened(path, read_practice(roster), clock, settings.practice_days_per_hour)


def _shoppers(
    settings: Settings, practice: Practice | None, twilio: SmallTwilio | None, memory: Memory, clock: Clock
) -> Shoppers | None:
    if practice is None or twilio is None or not settings.practice_customers_per_hour:
        return None
    brand = practice.accounts[0].spec.brand
    per_hour = settings.practice_customers_per_hour
    return Shoppers(
        twilio, practice.accounts, lambda: [item.title for item in memory.goods.items(brand)], clock, per_hour
    )


def _converter(rates: Rates) -> Callable[[Money, str], Money]:
    return lambda money, currency: rates.convert(money, currency).result


def _claims(memory: Memory, brand: Brand, clock: Clock) -> Claims:
    """The sales desk's promise check, over what the shop has today: an ad may say no more than a reply."""
    today = clock().astimezone(brand.time_zone).date()
    facts = PromiseFacts.of(brand, memory.goods.items(brand.id), today=today)
    return lambda text: [(breach.text, breach.why) for breach in check(text, facts)]


def _asked(memory: Memory, turns: Turns, brands: BrandNumbers, rates: Rates, clock: Clock) -> AdShop:
    """What the ad agent asks of the shop."""

    def desk(brand: str) -> AdDesk:
        pressure = turns.pressure(brand, clock() - timedelta(hours=1))
        return AdDesk(pressure.waiting, pressure.replies, pressure.slow_reply)

    def order_margin(account: AdAccount) -> Decimal | None:
        brand = brands.brands[account.brand]
        prices = [item.prices[brand.currency] for item in memory.goods.items(brand.id) if brand.currency in item.prices]
        if account.practice or brand.ads is None or not prices:
            return None  # what the practice market sells is not in the catalogue
        usual = Money(sum(price.amount for price in prices) / Decimal(len(prices)), brand.currency)
        try:
            return rates.convert(usual, account.currency).result.amount * brand.ads.margin
        except ValueError:
            return None

    return AdShop(desk=desk, stock=memory.goods.stocks, order_margin=order_margin)


def _each_hour(agency: Agency, hours: JobRuns) -> None:
    """By the clock that the accounts live by: an hour of practice is shorter than one of ours."""
    if hours.claim("ads guards", timedelta(hours=1)):
        agency.each_hour()


def _ad_jobs(agency: Agency, shoppers: Shoppers | None, hours: JobRuns) -> list[Job]:
    if not agency.accounts:
        return []
    jobs = [
        Job("ads first look", timedelta(minutes=5), agency.first_look, at_start=True),
        Job("ads morning", timedelta(seconds=30), agency.cycle.run),
        Job("ads stop", timedelta(seconds=15), agency.press_on),
        Job("ads sales", timedelta(minutes=5), agency.feedback.run, at_start=True),
        Job("ads unsettled", timedelta(minutes=5), agency.watch.settle, at_start=True),
        Job("ads sweep", timedelta(days=1), agency.watch.sweep),
        Job("ads guards", timedelta(seconds=30), lambda: _each_hour(agency, hours)),
        Job("ads version", timedelta(days=1), lambda: agency.watch.warn(version_warning(agency.clock().date()))),
    ]
    if agency.practice is not None:
        jobs.append(Job("practice time", timedelta(seconds=5), agency.practice.clock.tick, at_start=True))
    if shoppers is not None:
        jobs.append(Job("practice customers", timedelta(seconds=3), shoppers.tick))
    return jobs


def _ad_commands(
    agency: Agency, memory: Memory, model: LanguageModel | None, limits: Limits, brands: BrandNumbers, clock: Clock
) -> AdCommands:
    thinking = StaffThinking(Answering(agency, agency.tasks), model, limits, brands.brands, clock)
    deeds = Deeds(memory.db, clock)
    return AdCommands(agency, deeds, agency.tasks, thinking, lambda brand: _claims(memory, brands.brands[brand], clock))


def _asana_jobs(settings: Settings, agency: Agency, tell: Tell, clock: Clock) -> list[Job]:
    if not settings.asana_access_token:
        return []
    asana = Asana(settings.asana_access_token, settings.asana_project, settings.asana_api_url, clock)
    twins = AsanaTwins(agency.tasks, asana, list(agency.accounts), clock, tell)
    return [Job("tasks in asana", timedelta(minutes=2), twins.sync, at_start=True)]


def _erasure(settings: Settings, db: Database, agents: MemoryManager, clock: Clock) -> Erasure:
    return Erasure(
        db,
        clock,
        signing_secret(settings),
        short_term=agents.short_term,
        short_term_seconds=settings.memory.short_term_ttl,
        backup_hours=24 if settings.backup_dir else None,
    )


def _upkeep(
    settings: Settings,
    memory: Memory,
    agents: MemoryManager,
    erasure: Erasure,
    brands: BrandNumbers,
    staff: Staff,
    channel: WhatsApp,
    clock: Clock,
) -> Upkeep:
    days = {brand.id: brand.retention_days for brand in brands.brands.values()}
    return Upkeep(
        Forgetting(memory.contacts, channel, erasure),
        Retention(memory.sessions, erasure, days, clock),
        lambda: _end_silent_sessions(agents),
        _backups(settings, memory, erasure, brands, staff, clock) if settings.backup_dir else None,
    )


def _end_silent_sessions(agents: MemoryManager) -> None:
    end_silent_sessions(agents)


def _backups(
    settings: Settings, memory: Memory, erasure: Erasure, brands: BrandNumbers, staff: Staff, clock: Clock
) -> Backups | None:
    if settings.on_server:
        return None
    return Backups(
        settings.database_path,
        Path(settings.backup_dir),
        settings.database_key or None,
        erasure,
        signing_secret(settings),
        memory.messages,
        staff,
        next(iter(brands.brands)),
        clock,
    )


def _jobs(
    settings: Settings,
    catch_up: CatchUp,
    upkeep: Upkeep,
    search: Search,
    reader: Reader,
    rates: Rates,
    limits: Limits,
    clock: Clock,
) -> list[Job]:
    jobs = [
        Job("catch-up", timedelta(minutes=5), catch_up.run, at_start=True),
        Job("forgetting", timedelta(minutes=1), upkeep.forgetting.run, at_start=True),
        Job("rates", timedelta(days=1), lambda: _refresh(rates)),
        Job("limits", timedelta(days=1), lambda: _drop_windows(limits, clock)),
        Job("search", timedelta(seconds=2), search.catch_up_fully, at_start=True),
        Job("reading", timedelta(seconds=5), reader.run, at_start=True),
    ]
    if settings.memory.auto_cleanup:
        jobs.append(Job("retention", timedelta(hours=1), upkeep.retention.run))
        jobs.append(Job("workflows", timedelta(minutes=1), upkeep.end_silent_sessions))
    if upkeep.backups is not None:
        jobs.append(Job("backup", timedelta(days=1), upkeep.backups.run))
    return jobs


def _drop_windows(limits: Limits, clock: Clock) -> None:
    limits.forget_windows(clock() - timedelta(days=1))


def _refresh(rates: Rates) -> None:
    try:
        log.info("exchange rates as of %s", rates.refresh())
    except RatesNotRefreshed as fault:
        log.warning("the exchange rates stay as of %s: %s", rates.as_of(), fault)


if __name__ == "__main__":
    main()
