"""Builds the web part: webhook, pages, API, terminal commands."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from bot.channels.channel import INBOUND_PATH, STATUS_PATH
from bot.channels.simulator import SmallTwilio
from bot.channels.simulator import blueprint as simulator_routes
from bot.delivery.outbox import Outbox
from bot.settings import Settings
from bot.web.access import public
from bot.web.api.ads import AdParts, register_ads
from bot.web.api.ads import ads as ad_routes
from bot.web.api.conversations import Parts, register
from bot.web.cli.audit import audit_command, audit_commands
from bot.web.cli.database import register_closed, register_keeping
from bot.web.cli.import_export import register_moving
from bot.web.cli.operations import register_commands
from bot.web.pages import pages
from bot.web.webhook import REFUSED_UNREAD, WebhookParts, refused_unread, webhook
from bot.wiring.ads import AdSide
from bot.wiring.foundation import ROOT, Foundation
from bot.wiring.stores import webhook_forms
from memory.ads.learnings.campaign_records import CampaignRecords
from memory.ads.learnings.strategy import Strategy
from memory.audit_log.audit_trail import AuditTrail
from memory.conversation import ConversationMemory
from memory.conversations.analytics import Analytics
from memory.conversations.backfill import Past
from memory.intake.durable_batches import Intake
from memory.upkeep.conversation_json import Dossiers
from memory.upkeep.import_export import ConversationFiles, ExportPart, OneFile, RecordFiles


def site(
    foundation: Foundation, outbox: Outbox, ads: AdSide, twilio: SmallTwilio | None, wake: threading.Event
) -> Flask:
    """`wake` is set when the webhook has kept a form."""
    settings, agency = foundation.settings, ads.agency
    web = Flask("hawker", root_path=str(ROOT / "bot" / "web"))
    forms = webhook_forms(settings, foundation.clock)
    web.register_blueprint(webhook(WebhookParts(outbox.channel, forms, Intake(forms), wake)))
    if settings.forwarded_hops:
        # Only the address; signatures are checked against PUBLIC_URL, whatever a proxy says of host and scheme.
        web.wsgi_app = ProxyFix(web.wsgi_app, x_for=settings.forwarded_hops, x_proto=0, x_host=0)  # type: ignore[method-assign]
    web.config[REFUSED_UNREAD] = lambda path, headers: (
        path in (INBOUND_PATH, STATUS_PATH) and refused_unread(outbox.channel, headers) is not None
    )
    web.register_blueprint(simulator_routes(twilio))
    web.register_blueprint(pages(settings))
    parts = _parts(foundation, outbox, ads)
    register(web, parts, ad_routes)
    register_ads(web, AdParts(agency.answers, agency.memory.attribution, agency.memory.records))
    register_commands(web, parts)
    register_keeping(web, foundation.stores.db, foundation.stores.search, foundation.erasure, settings, foundation.keys)
    register_closed(web, settings)
    register_moving(web, parts.brands, BrandArchive(foundation))
    trail = AuditTrail(foundation.stores.db, foundation.clock)
    web.cli.add_command(
        audit_command(trail, parts.contacts, [*parts.brands], foundation.keys, settings.audit_days, foundation.clock)
    )
    audit_commands(web, trail, parts.contacts, parts.brands[0])
    for endpoint, view in web.view_functions.items():
        if endpoint.startswith("simulator.") or endpoint in ("pages.front", "pages.simulator"):
            public(view)  # the small Twilio checks its own callers, and is off with a real account
    return web


def closed_site(settings: Settings) -> Flask:
    """Only the commands that need the database closed."""
    closed = Flask("hawker")
    register_closed(closed, settings)
    return closed


def _parts(foundation: Foundation, outbox: Outbox, ads: AdSide) -> Parts:
    stores, clock = foundation.stores, foundation.clock
    return Parts(
        settings=foundation.settings,
        keys=foundation.keys,
        clock=clock,
        brands=list(foundation.brands),
        db=stores.db,
        contacts=stores.contacts,
        conversations={brand: _conversations(foundation, brand) for brand in foundation.brands},
        messages=stores.messages,
        turns=foundation.turns,
        analytics=Analytics(stores.db, clock),
        provider=outbox,
        examined=[outbox.channel, *([ads.facebook] if ads.facebook else [])],
        erasure=foundation.erasure,
    )


def _conversations(foundation: Foundation, brand: str) -> ConversationMemory:
    return ConversationMemory(
        db=foundation.stores.db,
        brand=brand,
        our_number=foundation.numbers.number_of(brand),
        settings=foundation.settings.memory,
        search=foundation.stores.search,
        zone=foundation.brands[brand].time_zone,
        clock=foundation.clock,
    )


@dataclass(frozen=True, slots=True)
class BrandArchive:
    """What `flask export` writes and `flask import` reads."""

    foundation: Foundation

    def parts_of(self, brand: str) -> list[ExportPart]:
        db, clock = self.foundation.stores.db, self.foundation.clock
        timeout = timedelta(hours=self.foundation.settings.memory.session_timeout_hours)
        number = self.foundation.numbers.number_of(brand)
        register = self.foundation.erasure.register
        return [
            ConversationFiles(Dossiers(db, clock, brand=brand, our_number=number, timeout=timeout), register),
            OneFile("campaign_memory.json", brand, CampaignRecords(db, clock), register),
            OneFile("strategic_memory.json", brand, Strategy(db, clock), register),
            RecordFiles(db, Past(db, self.foundation.stores.sessions, clock), [*self.foundation.brands], register),
        ]
