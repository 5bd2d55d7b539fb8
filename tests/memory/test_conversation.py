"""ConversationMemory: the seed's examples as they stand, on the rows that the desk uses; and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from memory import ConversationMemory, ConversationMessage, MemorySettings
from memory.conversations.analytics import Analytics
from memory.conversations.channel_messages import Outgoing
from memory.people.address import Address
from memory.people.facts import Facts
from memory.storage.database import Database
from memory.storage.errors import (
    MemoryFault,
    NotAnAddress,
    NotStorable,
    UnknownContact,
    UnknownFormat,
    UnknownPreference,
    WrongMemorySetting,
)
from tests.memory.stores import BRAND, SHOP, Stores

JOHN = "+12345678900"
PHONE = "+919876543210"


@pytest.fixture
def memory(stores: Stores) -> ConversationMemory:
    return ConversationMemory(db=stores.db, brand=BRAND, clock=stores.clock, our_number=SHOP)


@pytest.fixture
def environment(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of one's own, and nothing said but where the database is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    yield


# The seed's examples, as they stand.


@pytest.mark.usefixtures("environment")
def test_basic_usage() -> None:
    from memory import ConversationMemory

    # Initialize memory system
    memory = ConversationMemory()

    # Add user message
    memory.add_message("+1234567890", "user", "Hello")

    # Get conversation context
    context = memory.get_conversation_context("+1234567890")

    # Update user preferences
    memory.update_user_preferences("+1234567890", name="John", preferred_currency="EUR")

    assert context.splitlines()[0] == "User Profile: (+1234567890)"
    assert context.endswith("USER: Hello")
    assert memory.get_conversation_context("+1234567890").splitlines()[:2] == [
        "User Profile: John (+1234567890)",
        "Preferred Currency: EUR",
    ]


@pytest.mark.usefixtures("environment")
def test_whatsapp_integration() -> None:
    def get_ai_response(enhanced_context: str) -> str:
        return "Great! What's your budget?" if "gaming laptop" in enhanced_context else "Hello!"

    class WhatsApp:
        memory = ConversationMemory()

        def process_message(self, phone_number: str, message: str) -> str:
            # Add user message to memory
            self.memory.add_message(phone_number, "user", message)

            # Get conversation context
            context = self.memory.get_conversation_context(phone_number)

            # Generate context-aware response
            response = get_ai_response(context)

            # Save assistant response
            self.memory.add_message(phone_number, "assistant", response)
            return response

    assert WhatsApp().process_message("+1234567890", "I need a gaming laptop") == "Great! What's your budget?"
    said = WhatsApp().memory.export_user_data("+1234567890")["messages"]
    assert [(line["role"], line["content"]) for line in said] == [
        ("user", "I need a gaming laptop"),
        ("assistant", "Great! What's your budget?"),
    ]


@pytest.mark.usefixtures("environment")
def test_storage_management() -> None:
    memory = ConversationMemory()
    memory.add_message("+1234567890", "user", "Hello", timestamp=datetime.now(UTC) - timedelta(days=40))

    # Clean up old sessions (30+ days)
    gone = memory.cleanup_old_sessions(days_old=30)

    # Get storage statistics
    users = memory.get_all_users_summary()
    total_storage = sum(len(user["messages"]) for user in users)

    assert (gone, len(users), total_storage) == (1, 1, 0)
    memory.add_message("+1234567890", "user", "Hello")
    assert sum(len(user["messages"]) for user in memory.get_all_users_summary()) == 1


@pytest.mark.usefixtures("environment")
def test_advanced_features() -> None:
    memory, phone_number = ConversationMemory(), "+1234567890"

    memory.update_user_preferences(phone_number, preferred_language="es")

    memory.add_message(phone_number, "user", "Busco un portátil")
    session = memory.get_session(phone_number)
    assert session is not None
    session.session_summary = "User John is interested in gaming laptops under 1500 EUR"

    crm_data = memory.export_user_data(phone_number, format="salesforce")

    assert memory.get_user_profile(phone_number).preferred_language == "es"
    again = ConversationMemory().get_session(phone_number)
    assert again is not None
    assert again.session_summary == "User John is interested in gaming laptops under 1500 EUR"
    assert crm_data["attributes"] == {"type": "Contact"}


@pytest.mark.usefixtures("environment")
def test_configuration(tmp_path: Path) -> None:
    memory = ConversationMemory(
        max_messages_per_session=50,  # Keep last 50 messages
        session_timeout_hours=24,  # Reset context after 24 hours
        storage_dir="data/conversations",  # Storage location
    )
    for n in range(60):
        memory.add_message("+1234567890", "user", f"message {n}", timestamp=datetime(2026, 1, 1, 12, 0, n, tzinfo=UTC))
    memory.add_message("+1234567890", "user", "a day later", timestamp=datetime(2026, 1, 2, 12, 1, tzinfo=UTC))
    context = memory.get_conversation_context("+1234567890")
    assert "USER: message 11\n" in context
    assert "USER: message 10\n" not in context
    session = memory.get_session("+1234567890")
    assert session is not None
    assert session.total_messages == 1
    assert (tmp_path / "data" / "conversations" / "hawker.db").exists()


def test_the_data_is_as_designed(memory: ConversationMemory, stores: Stores) -> None:
    """The profile and the message of the seed's section on data, key by key."""
    at = datetime(2025, 7, 22, 22, 30)
    said = memory.add_message(
        JOHN, "user", "I need a gaming laptop", "product_inquiry", {"detected_products": ["laptop"]}, timestamp=at
    )
    memory.update_user_preferences(JOHN, name="John Smith", preferred_currency="EUR")
    assert said.to_dict() == {
        "timestamp": "2025-07-22T22:30:00.000000Z",
        "role": "user",
        "content": "I need a gaming laptop",
        "message_type": "product_inquiry",
        "metadata": {"detected_products": ["laptop"]},
    }
    assert memory.export_user_data(JOHN) == {
        "user_profile": {
            "phone_number": JOHN,
            "name": "John Smith",
            "preferred_currency": "EUR",
            "interests": ["gaming", "laptops"],
            "last_interaction": "2025-07-22T22:30:00.000000Z",
            "total_interactions": 1,
            "preferred_language": None,
        },
        "messages": [said.to_dict()],
        "session_info": {"created_at": "2025-07-22T22:30:00.000000Z", "total_messages": 1},
    }
    [user] = memory.get_all_users_summary()
    assert user == {**memory.get_user_profile(JOHN).to_dict(), "messages": [said.to_dict()]}


def test_a_text_teaches_who_wrote_it(memory: ConversationMemory) -> None:
    memory.add_message(PHONE, "user", "My name is John")
    memory.add_message(PHONE, "assistant", "My name is Voyage")
    assert memory.get_user_profile(PHONE).name == "John"


@pytest.mark.parametrize(
    "guess", ["I'm Weird", "this is Rex", "people call me weird", "call me Paranoid, but how much?"]
)
def test_a_guess_does_not_replace_a_stated_name(memory: ConversationMemory, guess: str) -> None:
    memory.update_user_preferences(PHONE, name="Ana")
    memory.add_message(PHONE, "user", guess)
    assert memory.get_user_profile(PHONE).name == "Ana"


def test_a_person_corrects_a_name_that_was_told(memory: ConversationMemory) -> None:
    memory.update_user_preferences(PHONE, name="Anna")
    memory.add_message(PHONE, "user", "no, my name is Ana")
    assert memory.get_user_profile(PHONE).name == "Ana"


# The same rows as the desk's.


def test_it_shares_its_messages_with_the_desk(memory: ConversationMemory, stores: Stores) -> None:
    stores.hear("do you have laptops?", phone=PHONE)
    added = memory.add_message("+91 98765 43210", "user", "told us in the shop")
    contact = stores.contacts.find(BRAND, PHONE)
    assert [message.content for message in stores.messages.history(contact.id)] == [
        "do you have laptops?",
        "told us in the shop",
    ]
    assert stores.messages.history(contact.id)[-1].id == added.id
    assert contact.total_interactions == 2
    assert Analytics(stores.db, stores.clock).summary(BRAND)["total_interactions"] == 2


def test_what_is_written_down_is_neither_answered_nor_sent(memory: ConversationMemory, stores: Stores) -> None:
    memory.add_message(PHONE, "user", "hello")
    memory.add_message(PHONE, "assistant", "hello to you")
    stores.clock.pass_by(minutes=5)
    assert stores.turns.claim("worker", 10) == []
    assert stores.messages.next_out(stores.contacts.find(BRAND, PHONE).id) is None


def test_another_brand_knows_nothing_of_it(memory: ConversationMemory, stores: Stores) -> None:
    memory.add_message(PHONE, "user", "hello")
    other = ConversationMemory(db=stores.db, brand="optics", clock=stores.clock)
    assert other.get_all_users_summary() == []
    for ask in (other.get_conversation_context, other.export_user_data, other.get_session, other.get_user_profile):
        with pytest.raises(UnknownContact):
            ask(PHONE)


def test_a_message_that_cannot_be_kept_leaves_nothing_behind(
    memory: ConversationMemory, stores: Stores, url: str
) -> None:
    with pytest.raises(NotStorable):
        memory.add_message(PHONE, "user", "My name is John", metadata={"detected_products": ["laptop", 7]})
    assert Database(url).value("SELECT count(*) FROM messages") == 0
    assert Database(url).value("SELECT count(*) FROM contacts") == 0
    assert Analytics(stores.db, stores.clock).summary(BRAND)["total_users"] == 0


def test_an_old_message_joins_the_session_of_its_time(memory: ConversationMemory, stores: Stores) -> None:
    stores.clock.now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    memory.add_message(PHONE, "user", "today")
    memory.add_message(PHONE, "user", "a week ago", timestamp="2026-11-14T12:00:00")
    memory.add_message(PHONE, "assistant", "an hour later", timestamp="2026-11-14T14:00:00+01:00")
    memory.add_message(PHONE, "user", "a day before that", timestamp="2026-11-12T11:00:00Z")
    rows = stores.db.all("SELECT created_at, last_at, total_messages FROM sessions ORDER BY created_at")
    assert [(row["created_at"][:16], row["last_at"][:16], row["total_messages"]) for row in rows] == [
        ("2026-11-12T11:00", "2026-11-12T11:00", 1),
        ("2026-11-14T12:00", "2026-11-14T13:00", 2),
        ("2026-11-21T12:00", "2026-11-21T12:00", 1),
    ]
    session = memory.get_session(PHONE)
    assert session is not None
    assert session.created_at == stores.clock.now
    assert memory.get_user_profile(PHONE).last_interaction == stores.clock.now


def test_cleaning_up_forgets_old_sessions_only(memory: ConversationMemory, stores: Stores) -> None:
    memory.add_message(PHONE, "user", "long ago")
    stores.clock.pass_by(days=20)
    memory.add_message(PHONE, "user", "lately")
    stores.clock.pass_by(days=15)
    assert memory.cleanup_old_sessions(days_old=30) == 1
    assert memory.cleanup_old_sessions(days_old=30) == 0
    assert [line["content"] for line in memory.export_user_data(PHONE)["messages"]] == ["lately"]


def test_a_page_of_the_conversation(memory: ConversationMemory) -> None:
    for n in range(5):
        memory.add_message(PHONE, "user", str(n))
    page = memory.get_conversation(PHONE, limit=2)
    assert [message.content for message in page["messages"]] == ["3", "4"]
    older = memory.get_conversation(PHONE, limit=3, before=page["next_before"])
    assert [message.content for message in older["messages"]] == ["0", "1", "2"]
    assert older["next_before"] is None
    assert page["session_info"]["total_messages"] == 5


def test_what_was_never_said_is_not_exported(memory: ConversationMemory, stores: Stores) -> None:
    contact_id = stores.messages.get(stores.hear("hi", phone=PHONE)).contact_id
    stores.messages.put_out(contact_id, Outgoing("not sent yet"))
    assert [line["content"] for line in memory.export_user_data(PHONE)["messages"]] == ["hi"]


def test_staff_are_nobodys_customers(memory: ConversationMemory, stores: Stores) -> None:
    memory.add_message(PHONE, "user", "hello")
    contact = stores.contacts.find(BRAND, PHONE)
    with stores.db.transaction():
        stores.contacts.mark_staff(contact.id)
    memory.add_message(PHONE, "user", "again")
    assert memory.get_all_users_summary() == []
    assert Analytics(stores.db, stores.clock).summary(BRAND)["total_interactions"] == 0


# For a CRM.


def test_a_contact_for_salesforce(memory: ConversationMemory, stores: Stores) -> None:
    memory.add_message(PHONE, "user", "show me laptops", metadata={"detected_products": ["laptops"]})
    memory.update_user_preferences(PHONE, name="Ana María López", preferred_currency="eur")
    Facts(stores.db, stores.clock).learn(stores.contacts.find(BRAND, PHONE), "city", "Madrid", None)
    assert memory.export_user_data(PHONE, format="salesforce") == {
        "attributes": {"type": "Contact"},
        "FirstName": "Ana María",
        "LastName": "López",
        "MobilePhone": PHONE,
        "MailingCity": "Madrid",
        "LeadSource": "WhatsApp",
        "Description": "Preferred currency: EUR\nInterests: laptops\nMessages: 1\n"
        "Last message: 2026-11-21T12:00:00.000000Z",
    }


def test_a_hubspot_contact_always_has_a_name(memory: ConversationMemory) -> None:
    memory.add_message(PHONE, "user", "hello")
    properties = memory.export_user_data(PHONE, format="hubspot")["properties"]
    assert (properties["lastname"], properties["phone"]) == (PHONE, PHONE)
    assert "city" not in properties


def test_a_person_without_a_number_is_asked_for_by_id(memory: ConversationMemory, stores: Stores) -> None:
    stores.contacts.resolve(BRAND, Address(raw="whatsapp:IN.AbC123", user_id="IN.AbC123"), SHOP)
    memory.add_message("IN.AbC123", "user", "hello")
    assert memory.export_user_data("IN.AbC123")["user_profile"]["phone_number"] == "IN.AbC123"
    assert json.dumps(memory.export_user_data("IN.AbC123", format="salesforce"))


# What is refused, and then not half done.


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "system"},
        {"role": ["user"]},
        {"content": None},
        {"content": "a\0b"},
        {"content": "x" * 1_000_000},
        {"content": "half a \ud83d character"},
        {"message_type": ""},
        {"message_type": 7},
        {"metadata": {"price": float("nan")}},
        {"metadata": {"when": datetime(2026, 1, 1, tzinfo=UTC)}},
        {"metadata": {1: "one"}},
        {"metadata": ["a list"]},
        {"timestamp": "yesterday"},
        {"timestamp": 1700000000},
        {"timestamp": datetime(2027, 1, 1, tzinfo=UTC)},
        {"timestamp": datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))},
        {"timestamp": "1969-12-31T23:59:59"},
    ],
)
def test_what_cannot_be_kept_is_refused_whole(
    memory: ConversationMemory, stores: Stores, wrong: dict[str, Any]
) -> None:
    with pytest.raises(NotStorable):
        memory.add_message(**{"phone": PHONE, "role": "user", "content": "hello", **wrong})
    assert stores.db.value("SELECT count(*) FROM contacts") == 0
    assert stores.db.value("SELECT count(*) FROM messages") == 0


@pytest.mark.parametrize("nobody", ["", "hello", "+1", "12", None, 14155550101, "+14155550101\0", "+1415555010199999"])
def test_nothing_is_asked_or_kept_without_saying_of_whom(
    memory: ConversationMemory, stores: Stores, nobody: Any
) -> None:
    for ask in (
        memory.get_conversation_context,
        memory.export_user_data,
        memory.get_user_profile,
        memory.get_session,
        memory.get_conversation,
        memory.update_user_preferences,
        lambda phone: memory.recall(phone, "laptop"),
        lambda phone: memory.add_message(phone, "user", "hello"),
    ):
        with pytest.raises(NotAnAddress) as fault:
            ask(nobody)
        assert isinstance(fault.value, MemoryFault)
    assert stores.db.value("SELECT count(*) FROM contacts") == 0


def test_leaving_the_person_out_is_a_type_error(memory: ConversationMemory) -> None:
    for ask in (memory.get_conversation_context, memory.export_user_data, memory.recall, memory.get_session):
        with pytest.raises(TypeError):
            ask()  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "wrong",
    [
        {"preferred_currency": "euros"},
        {"preferred_language": "Spanish, please"},
        {"name": " "},
        {"name": "two\nlines"},
        {"name": "x" * 201},
        {"name": None},
    ],
)
def test_a_preference_that_is_none_changes_nothing(memory: ConversationMemory, wrong: dict[str, Any]) -> None:
    memory.add_message(PHONE, "user", "hello")
    with pytest.raises(NotStorable):
        memory.update_user_preferences(PHONE, **{"name": "John", "preferred_currency": "USD", **wrong})
    profile = memory.get_user_profile(PHONE)
    assert (profile.name, profile.preferred_currency) == (None, None)


def test_an_unknown_format_or_preference_is_named(memory: ConversationMemory) -> None:
    memory.add_message(PHONE, "user", "hello")
    with pytest.raises(UnknownFormat, match="salesforce"):
        memory.export_user_data(PHONE, format="xml")  # type: ignore[arg-type]
    with pytest.raises(UnknownPreference, match="preferred_language"):
        memory.update_user_preferences(PHONE, shoe_size="44")


@pytest.mark.parametrize("days", [-1, "30", 1.5, True, 10**9])
def test_an_age_is_a_number_of_days(memory: ConversationMemory, days: Any) -> None:
    with pytest.raises(NotStorable):
        memory.cleanup_old_sessions(days_old=days)


def test_without_arguments_it_is_the_first_brand_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "brands.toml"
    file.write_text('[optics]\nwhatsapp = ["+14155238887"]\n[voyage]\nwhatsapp = ["+14155238886"]\n')
    said = {"MEMORY_STORAGE_DIR": str(tmp_path), "BRANDS_FILE": str(file)}
    memory = ConversationMemory(settings=MemorySettings.from_environment(said))
    memory.add_message(PHONE, "user", "hello")
    row = Database(tmp_path / "hawker.db").one("SELECT brand, our_number FROM contacts")
    assert row == {"brand": "optics", "our_number": "+14155238887"}
    file.write_text("[optics")
    with pytest.raises(WrongMemorySetting, match="BRANDS_FILE"):
        ConversationMemory(settings=MemorySettings.from_environment(said))


def test_settings_limit_a_session_and_a_context(stores: Stores) -> None:
    said = {"SESSION_TIMEOUT_HOURS": "2", "MAX_MESSAGES_PER_SESSION": "1"}
    settings = MemorySettings.from_environment(said)
    memory = ConversationMemory(db=stores.db, brand=BRAND, clock=stores.clock, settings=settings)
    for text in ("one", "two", "three"):
        memory.add_message(PHONE, "user", text)
        stores.clock.pass_by(minutes=119 if text == "one" else 120)
    assert [row["total_messages"] for row in stores.db.all("SELECT * FROM sessions ORDER BY id")] == [2, 1]
    assert memory.get_conversation_context(PHONE).splitlines()[-2:] == [
        "Recent Conversation History:",
        "[15:59] USER: three",
    ]


def test_a_message_can_be_made_by_hand() -> None:
    message = ConversationMessage(timestamp=datetime(2026, 1, 1, tzinfo=UTC), role="user", content="hi")
    assert message.to_dict()["metadata"] == {}
