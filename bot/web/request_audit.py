"""Requests with a token, in the audit log: one declaration for every route."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flask import request

from bot.web.access import Caller
from memory.audit_log.audit_trail import AuditTrail
from memory.conversations.messages import Messages
from memory.people.contacts import Contacts, read_address
from memory.storage.audit_event import AuditEvent, Door
from memory.storage.errors import NotAnAddress, UnknownMessage


@dataclass(frozen=True, slots=True)
class RequestAudit:
    """Every route that needs a role, by its rule; the person is found by the route's arguments."""

    trail: AuditTrail
    contacts: Contacts
    messages: Messages
    brands: Sequence[str]

    def note(self, who: Caller) -> None:
        """Durable before the route is asked. Raises DatabaseUnavailable."""
        asked = request.args.get("brand") or who.brand or self.brands[0]
        brand = asked if asked in self.brands and who.brand in (None, asked) else ""
        rule = "" if request.url_rule is None else re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", request.url_rule.rule)
        self.trail.append(
            AuditEvent(
                actor=f"token:{who.name}",
                door=Door.API,
                action=f"{request.method} {rule}",
                brand=brand,
                role=who.role,
                person=self._person(brand) if brand else None,
                outcome="" if brand else "wrong_brand",
            )
        )

    def _person(self, brand: str) -> int | None:
        arguments = request.view_args or {}
        if "message_id" in arguments:
            try:
                message = self.messages.get(int(arguments["message_id"]))
            except (UnknownMessage, OverflowError):
                return None
            return message.contact_id if message.brand == brand else None
        if "phone_number" not in arguments:
            return None
        try:
            found = self.contacts.known(brand, read_address(arguments["phone_number"]))
        except NotAnAddress:
            return None
        return None if found is None else found.id
