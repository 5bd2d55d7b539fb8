"""Every example of the first design's guide to ConversationMemory, in its order, in a stranger's program.

Only the import line is changed, and what the guide leaves open (an AI, a phone number) is filled in.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.memory.stranger import run

BEGIN = "from memory import ConversationMemory\nmemory = ConversationMemory()\nphone = '+1234567890'\n"


@pytest.mark.parametrize(
    ("text", "message_type"),
    [
        ("Convert 100 USD to EUR", "currency_conversion"),
        ("Show me laptops", "product_inquiry"),
        ("Hello", "greeting"),
        ("Hi", "greeting"),
        ("I need help", "support_request"),
        ("I need a gaming laptop", "product_inquiry"),
    ],
)
def test_a_message_is_classified(text: str, message_type: str, tmp_path: Path) -> None:
    code = f"""
memory.add_message(phone, "user", {text!r})
print(memory.get_conversation(phone)["messages"][0].message_type)
"""
    assert run(BEGIN + code, tmp_path) == f"{message_type}\n"


def test_preferences_are_learned_from_what_is_said(tmp_path: Path) -> None:
    code = """
import json
memory.add_message(phone, "user", "My name is John Smith")
memory.add_message(phone, "user", "Convert 500 USD to EUR")
memory.add_message(phone, "user", "I need a gaming laptop")
print(json.dumps(memory.get_user_profile(phone).to_dict()))
"""
    profile = json.loads(run(BEGIN + code, tmp_path))
    del profile["last_interaction"]
    assert profile == {
        "phone_number": "+1234567890",
        "name": "John Smith",
        "preferred_currency": "EUR",
        "interests": ["gaming", "laptops"],
        "total_interactions": 3,
        "preferred_language": None,
    }


def test_the_context_of_a_response(tmp_path: Path) -> None:
    code = """
memory.add_message(phone, "user", "My name is John Smith, show prices in EUR")
memory.add_message(phone, "user", "I need a gaming laptop")
memory.add_message(phone, "assistant", "Great! What's your budget?")
memory.add_message(phone, "user", "Around 1500 EUR")
print(memory.get_conversation_context(phone))
"""
    lines = run(BEGIN + code, tmp_path).splitlines()
    assert lines[0] == "User Profile: John Smith (+1234567890)"
    assert {"Preferred Currency: EUR", "Total Interactions: 3", "Interests: gaming, laptops"} <= set(lines)
    said = lines[lines.index("Recent Conversation History:") + 2 :]
    assert [line.partition("] ")[2] for line in said] == [
        "USER: I need a gaming laptop",
        "ASSISTANT: Great! What's your budget?",
        "USER: Around 1500 EUR",
    ]


def test_basic_usage(tmp_path: Path) -> None:
    code = """
from memory import ConversationMemory

# Initialize memory system
memory = ConversationMemory()

# Add user message
memory.add_message("+1234567890", "user", "Hello")

# Get conversation context
context = memory.get_conversation_context("+1234567890")

# Update user preferences
memory.update_user_preferences("+1234567890", name="John", preferred_currency="EUR")

print(context.splitlines()[0], context.splitlines()[-1].partition("] ")[2], sep="|")
print(memory.get_conversation_context("+1234567890").splitlines()[:2])
"""
    assert run(code, tmp_path).splitlines() == [
        "User Profile: (+1234567890)|USER: Hello",
        "['User Profile: John (+1234567890)', 'Preferred Currency: EUR']",
    ]


def test_whatsapp_integration(tmp_path: Path) -> None:
    code = """
from memory import ConversationMemory

def get_ai_response(enhanced_context):
    return "Great! What's your budget?" if "gaming laptop" in enhanced_context else "Hello!"

class WhatsApp:
    memory = ConversationMemory()

    def process_message(self, phone_number: str, message: str) -> str:
        # Add user message to memory
        self.memory.add_message(phone_number, "user", message)

        # Get conversation context
        context = self.memory.get_conversation_context(phone_number)
        enhanced_context = context

        # Generate context-aware response
        response = get_ai_response(enhanced_context)

        # Save assistant response
        self.memory.add_message(phone_number, "assistant", response)
        return response

print(WhatsApp().process_message("+1234567890", "I need a gaming laptop"))
print([line["content"] for line in WhatsApp().memory.export_user_data("+1234567890")["messages"]])
"""
    assert run(code, tmp_path).splitlines() == [
        "Great! What's your budget?",
        """['I need a gaming laptop', "Great! What's your budget?"]""",
    ]


def test_memory_settings_are_attributes(tmp_path: Path) -> None:
    code = """
print(memory.max_messages_per_session, memory.session_timeout_hours, memory.storage_dir)
memory = ConversationMemory(
    max_messages_per_session = 2,
    session_timeout_hours = 1,
    storage_dir = "data/conversations"
)
print(memory.max_messages_per_session, memory.session_timeout_hours, memory.storage_dir)
for n in range(3):
    memory.add_message(phone, "user", f"message {n}")
print([line for line in memory.get_conversation_context(phone).splitlines() if "USER" in line][0][8:])
memory.max_messages_per_session = 1
print([line for line in memory.get_conversation_context(phone).splitlines() if "USER" in line][0][8:])
"""
    assert run(BEGIN + code, tmp_path).splitlines() == [
        "50 24 data",
        "2 1 data/conversations",
        "USER: message 1",
        "USER: message 2",
    ]
    assert (tmp_path / "data" / "conversations" / "hawker.db").exists()


def test_storage_management(tmp_path: Path) -> None:
    code = """
memory.add_message(phone, "user", "Hello", timestamp="2025-07-22T22:30:00")

# Clean up old sessions (30+ days)
gone = memory.cleanup_old_sessions(days_old=30)
memory.add_message(phone, "user", "Hello again")

# Get storage statistics
users = memory.get_all_users_summary()
total_storage = sum(len(user['messages']) for user in users)
print(gone, total_storage)
"""
    assert run(BEGIN + code, tmp_path) == "1 1\n"


def test_advanced_features(tmp_path: Path) -> None:
    code = """
phone_number = phone
memory.add_message(phone_number, "user", "Hello")
session = memory.get_session(phone_number)
session.session_summary = "User John is interested in gaming laptops under 1500 EUR"
memory.update_user_preferences(phone_number, preferred_language="es")
crm_data = memory.export_user_data(phone_number, format="salesforce")
print(ConversationMemory().get_session(phone_number).session_summary)
print(memory.get_user_profile(phone_number).preferred_language, crm_data["attributes"]["type"])
"""
    assert run(BEGIN + code, tmp_path).splitlines() == [
        "User John is interested in gaming laptops under 1500 EUR",
        "es Contact",
    ]


def test_data_persists_between_starts(tmp_path: Path) -> None:
    run(BEGIN + 'memory.add_message(phone, "user", "My name is John, convert 500 USD to EUR")', tmp_path)
    code = "profile = memory.get_user_profile(phone)\nprint(profile.name, profile.preferred_currency)"
    assert run(BEGIN + code, tmp_path) == "John EUR\n"


@pytest.mark.parametrize("text", ["Show me smartphones", "Show me phones", "Quiero ver móviles"])
def test_an_interest_is_tracked(text: str, tmp_path: Path) -> None:
    code = f"memory.add_message(phone, 'user', {text!r})\nprint(memory.get_user_profile(phone).interests)"
    assert run(BEGIN + code, tmp_path) == "('smartphones',)\n"


def test_interests_are_those_of_the_brands_file(tmp_path: Path) -> None:
    (tmp_path / "brands.toml").write_text(
        '[bakery]\nwhatsapp = ["+34911234567"]\n[bakery.categories.cakes]\nwords = "cake cakes tarta tartas"\n'
    )
    code = """
memory.add_message(phone, "user", "Show me smartphones")
memory.add_message(phone, "user", "Do you have a chocolate cake?")
print(memory.brand, memory.get_user_profile(phone).interests)
"""
    assert run(BEGIN + code, tmp_path, BRANDS_FILE="brands.toml") == "bakery ('cakes',)\n"


@pytest.mark.parametrize(
    ("text", "found"), [("Quero um bolo de chocolate, por favor", "('cakes',)"), ("last price bolo bhai", "()")]
)
def test_a_word_of_one_language_is_no_interest_in_another(text: str, found: str, tmp_path: Path) -> None:
    (tmp_path / "brands.toml").write_text(
        '[bakery]\nwhatsapp = ["+34911234567"]\n[bakery.categories.cakes]\nwords = "cake"\nwords_in = { pt = "bolo" }\n'
    )
    code = f"memory.add_message(phone, 'user', {text!r})\nprint(memory.get_user_profile(phone).interests)"
    assert run(BEGIN + code, tmp_path, BRANDS_FILE="brands.toml") == f"{found}\n"
