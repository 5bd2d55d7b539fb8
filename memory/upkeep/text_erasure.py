"""Erases a person from free text: what agents keep, staff wrote, and the ad agent noted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from bot.language.languages import LETTERS
from memory.agents.memory_manager import NO_WORKFLOW
from memory.conversations.messages import MENTIONS
from memory.people.address_mentions import (
    REDACTED,
    PersonMentions,
    numbers_in,
    texts_of,
    user_ids_in,
    with_texts,
)
from memory.people.contacts import case_of
from memory.storage.database import Database, Row
from memory.upkeep.personal_data import AGENT_TEXTS, Reach, columns
from memory.upkeep.schema import TABLES

SHORTEST_NAME = 3  # letters; shorter ones are words, too
REPLACED = "texts that named the person"
TABLES_BY_NAME = {table.name: table for table in TABLES}


@dataclass(frozen=True, slots=True)
class ErasedPerson:
    contact_id: int
    brand: str
    name: str | None
    spellings: tuple[str, ...]  # of their addresses, as they are stored with what staff did
    mentions: PersonMentions

    @classmethod
    def of(cls, db: Database, contact_id: int) -> ErasedPerson:
        """Call it before the contact is deleted."""
        contact = db.one("SELECT brand, name, address FROM contacts WHERE id = :id", id=contact_id) or {}
        rows = db.all("SELECT kind, value, raw FROM identities WHERE contact_id = :id", id=contact_id)
        values = {row["value"] for row in rows if row["kind"] != "written"}
        phones = frozenset(value for value in values if re.fullmatch(r"\+\d{7,20}", value))
        longer = {
            row["value"]
            for phone in phones
            for row in db.all(
                "SELECT value FROM identities WHERE value LIKE :part AND contact_id <> :id AND kind <> 'written'",
                part=f"%{phone.removeprefix('+')}%",
                id=contact_id,
            )
        }
        written = {row["raw"].removeprefix("whatsapp:") for row in rows}
        return cls(
            contact_id=contact_id,
            brand=contact["brand"],
            name=contact["name"],
            spellings=tuple(sorted({*values, *written, contact["address"].removeprefix("whatsapp:")})),
            mentions=PersonMentions(phones, frozenset(values - phones), frozenset(longer - values)),
        )

    def redacted(self, text: str) -> str:
        """Without their number and user id, and without their name where one of these stood."""
        done = self.mentions.redacted(text)
        return done if done == text else self.unnamed(done)

    def unnamed(self, text: str) -> str:
        """Without their name as a word of its own."""
        if self.name is None or len(self.name.strip()) < SHORTEST_NAME:
            return text
        word = rf"(?<![\w{LETTERS}]){re.escape(self.name.strip())}(?![\w{LETTERS}])"
        return re.sub(word, REDACTED, text, flags=re.IGNORECASE)


def erase_texts(db: Database, person: ErasedPerson) -> dict[str, int]:
    """Erase a person from every free text; returns rows by table. Call it in a transaction, before `Contacts.erase`."""
    gone = _erase_agents_texts(db, person)
    for name, names in columns(Reach.FREE_TEXT).items():
        if name not in AGENT_TEXTS:
            for row in _rows_naming(db, person, name, names):
                gone[REPLACED] += _replace(db, person, name, names, row)
    for name, names in columns(Reach.STAFF_NUMBER).items():
        for column, spelling in product(names, person.spellings):
            db.run(f"UPDATE {name} SET {column} = :gone WHERE {column} = :by", gone=REDACTED, by=spelling)
    _mention_in_staff_messages(db, person)
    return gone


def _erase_agents_texts(db: Database, person: ErasedPerson) -> dict[str, int]:
    gone = dict.fromkeys((*AGENT_TEXTS, REPLACED), 0)
    own = {case_of(person.contact_id)}
    for name in ("workflow_sessions", "episodes"):  # a workflow whose session or outcome is about them goes as a whole
        about = [row for row in _rows_naming(db, person, name, AGENT_TEXTS[name]) if _is_theirs(db, person, name, row)]
        own |= {row["workflow_id"] for row in about} - {NO_WORKFLOW}
    for name, names in AGENT_TEXTS.items():
        for workflow_id in own:
            gone[name] += db.run(f"DELETE FROM {name} WHERE workflow_id = :workflow", workflow=workflow_id)
        for row in _rows_naming(db, person, name, names):
            if _is_theirs(db, person, name, row):
                gone[name] += db.run(f"DELETE FROM {name} WHERE {_key(name)}", **_key_values(name, row))
            elif not _of_another_brand(db, person, row):
                gone[REPLACED] += _replace(db, person, name, names, row)
    return gone


def _rows_naming(db: Database, person: ErasedPerson, name: str, names: Sequence[str]) -> list[Row]:
    where, values = person.mentions.sql(names)
    table = TABLES_BY_NAME[name]
    if "brand" in table.columns:
        where, values = f"brand = :brand AND ({where})", values | {"brand": person.brand}
    found = db.all(f"SELECT * FROM {name} WHERE {where}", **values)
    return [row for row in found if any(person.mentions.named_in(_loaded(name, column, row)) for column in names)]


def _is_theirs(db: Database, person: ErasedPerson, name: str, row: Row) -> bool:
    """Whether the row names nobody else, and is no work for another contact."""
    if _other_contact(db, row) is not None:
        return False
    texts = [text for column in AGENT_TEXTS[name] for text in texts_of(_loaded(name, column, row))]
    return not any(_names_others(db, person, text) for text in texts)


def _names_others(db: Database, person: ErasedPerson, text: str) -> bool:
    own = person.mentions.spots(text)
    if {*user_ids_in(text)} - person.mentions.user_ids:
        return True
    for mention in numbers_in(text):
        begin, end = mention.spot
        if any(begin < other_end and other_begin < end for other_begin, other_end in own):
            continue
        if mention.plus or any(_is_known(db, number) for number in mention.numbers):
            return True
    return False


def _is_known(db: Database, number: str) -> bool:
    brands = [row["brand"] for row in db.all("SELECT DISTINCT brand FROM contacts")]
    return any(
        db.one(
            "SELECT 1 FROM identities WHERE brand = :brand AND kind = 'phone' AND value = :value",
            brand=brand,
            value=number,
        )
        for brand in brands
    )


def _other_contact(db: Database, row: Row) -> int | None:
    """The contact that an agent worked for, where it is another than the person."""
    case = re.fullmatch(r"contact:(\d{1,18})", row["workflow_id"])
    found = case and db.value("SELECT id FROM contacts WHERE id = :id", id=int(case[1]))
    return found or None


def _of_another_brand(db: Database, person: ErasedPerson, row: Row) -> bool:
    """Whether it is work for the same number at another brand, which goes on knowing it."""
    other = _other_contact(db, row)
    values = {each["value"] for each in db.all("SELECT value FROM identities WHERE contact_id = :id", id=other)}
    return bool(values & (person.mentions.phones | person.mentions.user_ids))


def _replace(db: Database, person: ErasedPerson, name: str, names: Sequence[str], row: Row) -> int:
    columns_of = TABLES_BY_NAME[name].columns
    changed = {}
    for column in names:
        if row[column] is None:
            continue
        dump = columns_of[column].type.dump
        cleaned = with_texts(_loaded(name, column, row), person.redacted)
        changed[column] = cleaned if dump is None else dump(cleaned)
    if name == "agent_memories":
        db.run("DELETE FROM memory_vectors WHERE memory_id = :id", id=row["id"])
        if changed["key"] != row["key"] and db.one(
            "SELECT 1 FROM agent_memories WHERE workflow_id = :workflow_id AND agent_id = :agent AND key = :key",
            workflow_id=changed["workflow_id"],
            agent=row["agent_id"],
            key=changed["key"],
        ):
            return db.run("DELETE FROM agent_memories WHERE id = :id", id=row["id"])
    assigned = ", ".join(f"{column} = :{column}" for column in changed)
    return db.run(f"UPDATE {name} SET {assigned} WHERE {_key(name)}", **changed, **_key_values(name, row))


def _loaded(name: str, column: str, row: Row) -> Any:
    load = TABLES_BY_NAME[name].columns[column].type.load
    return row[column] if load is None or row[column] is None else load(row[column])


def _key(name: str) -> str:
    return " AND ".join(f"{column} = :its_{column}" for column in TABLES_BY_NAME[name].key)


def _key_values(name: str, row: Row) -> dict[str, Any]:
    return {f"its_{column}": row[column] for column in TABLES_BY_NAME[name].key}


def _mention_in_staff_messages(db: Database, person: ErasedPerson) -> None:
    """Staff's messages that name the person count as about them, so that `Contacts.erase` empties these."""
    where, values = person.mentions.sql(["m.content"])
    for row in db.all(
        "SELECT m.id, m.content FROM messages m JOIN contacts c ON c.id = m.contact_id"
        f" WHERE c.brand = :brand AND c.staff = 1 AND c.id <> :id AND ({where})",
        brand=person.brand,
        id=person.contact_id,
        **values,
    ):
        if person.mentions.spots(row["content"]):
            mention = MENTIONS.stored(contact_id=person.contact_id, message_id=row["id"])
            db.run(MENTIONS.insert(mention), **mention)
