"""A person as the records of outside CRMs: only fields that every account of theirs has."""

from __future__ import annotations

from typing import Any

SOURCE = "WhatsApp"


def salesforce(profile: dict[str, Any]) -> dict[str, Any]:
    """A Contact for `POST /services/data/v…/composite/sobjects` of Salesforce; its LastName must not be empty.

    Lengths are those of Salesforce's object reference: FirstName 40, LastName 80, MobilePhone 40, MailingCity 40.
    """
    first, last = _names(profile)
    fields = {
        "FirstName": first[:40],
        "LastName": last[:80],
        "MobilePhone": profile["phone_number"][:40],
        "MailingCity": (profile["city"] or "")[:40],
        "LeadSource": SOURCE,
        "Description": _described(profile),
    }
    return {"attributes": {"type": "Contact"}, **{name: text for name, text in fields.items() if text}}


def hubspot(profile: dict[str, Any]) -> dict[str, Any]:
    """The body of `POST /crm/v3/objects/contacts` of HubSpot, by its default properties; one of them must be a name."""
    first, last = _names(profile)
    fields = {
        "firstname": first,
        "lastname": last,
        "phone": profile["phone_number"],
        "mobilephone": profile["phone_number"],
        "city": profile["city"],
        "message": _described(profile),
    }
    return {"properties": {name: text for name, text in fields.items() if text}}


def _names(profile: dict[str, Any]) -> tuple[str, str]:
    """First and last name; a single name, or the number where none is known, is the last, which both CRMs need."""
    words = (profile["name"] or profile["phone_number"]).split()
    return " ".join(words[:-1]), words[-1]


def _described(profile: dict[str, Any]) -> str:
    told = {
        "Preferred currency": profile["preferred_currency"],
        "Preferred language": profile["preferred_language"],
        "Interests": ", ".join(profile["interests"]),
        "Messages": str(profile["total_interactions"]),
        "Last message": profile["last_interaction"],
    }
    return "\n".join(f"{name}: {text}" for name, text in told.items() if text)
