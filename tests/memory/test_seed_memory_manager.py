"""Every example of the first design's guide to the MemoryManager, in its order, in a stranger's program.

Only the import line is changed, and what the guide leaves open (the agent's class, its data) is filled in.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.memory.stranger import run

BEGIN = "from memory import MemoryManager, create_session\nmemory_manager = MemoryManager()\nagent_id = 'agent'\n"


def test_basic_usage(tmp_path: Path) -> None:
    code = """
from memory import MemoryManager

# Initialize memory manager
memory_manager = MemoryManager()

# Save short-term memory
print(memory_manager.save(
    agent_id="marketing_strategy_agent",
    key="current_campaign",
    value={"name": "Q1 Launch", "budget": 50000},
    memory_type="short_term",
))

# Retrieve short-term memory
campaign = memory_manager.retrieve(
    agent_id="marketing_strategy_agent",
    key="current_campaign",
    memory_type="short_term",
)
print(campaign)

# Save long-term memory
print(memory_manager.save(
    agent_id="marketing_strategy_agent",
    key="best_practices",
    value=["Personalize emails", "A/B test headlines"],
    memory_type="long_term",
))
"""
    assert run(code, tmp_path).splitlines() == ["True", "{'name': 'Q1 Launch', 'budget': 50000}", "True"]
    code = "print(memory_manager.retrieve('marketing_strategy_agent', 'best_practices', 'long_term'))"
    assert run(BEGIN + code, tmp_path) == "['Personalize emails', 'A/B test headlines']\n"
    code = "print(memory_manager.retrieve('marketing_strategy_agent', 'current_campaign'))"
    assert run(BEGIN + code, tmp_path) == "None\n"


def test_session_context(tmp_path: Path) -> None:
    code = """
from memory import create_session, MemoryManager

memory_manager = MemoryManager()

# Use context manager for automatic session management
with create_session(
    workflow_id="campaign_001",
    memory_manager=memory_manager,
    metadata={"user": "john@example.com"},
) as session:
    # Save session-scoped data
    session.save_agent_memory(
        agent_id="content_agent",
        key="draft",
        value="Campaign headline draft",
    )

    # Add conversation message
    session.add_conversation_message(
        agent_id="content_agent",
        role="assistant",
        content="Draft headline created",
    )

    # Get conversation history
    history = session.get_conversation_history()
    print([message["content"] for message in history])
    print(session.retrieve_agent_memory("content_agent", "draft"), session.get_session_summary()["messages"])
    print(memory_manager.get_stats()["active_sessions"], memory_manager.retrieve("content_agent", "draft"))

# Session automatically cleaned up on exit
print(memory_manager.get_conversation_history("campaign_001"), memory_manager.get_stats()["active_sessions"])
"""
    assert run(code, tmp_path).splitlines() == [
        "['Draft headline created']",
        "Campaign headline draft 1",
        "1 None",
        "[] 0",
    ]


def test_each_backend_by_its_name(tmp_path: Path) -> None:
    code = """
from memory import InMemoryBackend, MemoryManager, RedisBackend
for backend in (InMemoryBackend(), RedisBackend("unix:///nowhere/redis.sock")):
    memory_manager = MemoryManager(backend=backend)
    print(memory_manager.save("agent", "key", "value"), memory_manager.save("agent", "key", "value", "long_term"))
print(MemoryManager().get_stats()["short_term_backend"])
"""
    assert run(code, tmp_path).splitlines() == ["True True", "False True", "in-process"]


def test_the_settings_of_the_program(tmp_path: Path) -> None:
    code = """
from bot.settings import get_settings

settings = get_settings()
memory_settings = settings.memory
print(memory_settings.short_term_ttl, memory_settings.use_redis)
"""
    assert run(code, tmp_path, MEMORY_SHORT_TERM_TTL="60") == "60 False\n"


def test_integration_with_base_agent(tmp_path: Path) -> None:
    code = """
from memory import BaseAgent
from memory import MemoryManager

class MarketingStrategyAgent(BaseAgent):
    pass

config = {"tone": "friendly"}

# Create memory manager (shared across all agents)
memory_manager = MemoryManager()

# Initialize agent with memory manager
agent = MarketingStrategyAgent(
    agent_id="strategy_001",
    config=config,
    memory_manager=memory_manager,
)

# Use in agent methods
agent.save_to_memory("key", "value", memory_type="short_term")
value = agent.retrieve_from_memory("key", memory_type="short_term")
print(value, memory_manager.retrieve("strategy_001", "key"))
"""
    assert run(code, tmp_path) == "value value\n"


def test_appropriate_memory_types(tmp_path: Path) -> None:
    code = """
data = {"clicks": 12}
memory_manager.save(agent_id, "current_task", data, "short_term")
memory_manager.save(agent_id, "campaign_results", data, "long_term")
print(memory_manager.retrieve(agent_id, "current_task"))
"""
    assert run(BEGIN + code, tmp_path) == "{'clicks': 12}\n"
    code = "print(memory_manager.retrieve(agent_id, 'campaign_results', memory_type='long_term'))"
    assert run(BEGIN + code, tmp_path) == "{'clicks': 12}\n"


def test_sessions_for_workflows_are_isolated(tmp_path: Path) -> None:
    code = """
workflow_id, value = "campaign_002", "draft"
with create_session(workflow_id, memory_manager) as session:
    # All operations are isolated to this workflow
    session.save_agent_memory(agent_id, "data", value)
    with create_session("campaign_003", memory_manager) as other:
        print(session.retrieve_agent_memory(agent_id, "data"), other.retrieve_agent_memory(agent_id, "data"))
"""
    assert run(BEGIN + code, tmp_path) == "draft None\n"


def test_important_executions_are_tracked(tmp_path: Path) -> None:
    code = """
input_data, results, duration = {"days": 7}, [1, 2], 12
record_id = memory_manager.save_execution_record(
    agent_id="analytics_agent",
    record={
        "status": "success",
        "input": input_data,
        "output": results,
        "duration_ms": duration,
    },
)
path = memory_manager.export_execution_records("analytics_agent")
print(path, record_id)
"""
    path, record_id = run(BEGIN + code, tmp_path).split()
    assert path == "data/execution_records/analytics_agent.jsonl"
    [record] = map(json.loads, (tmp_path / path).read_text().splitlines())
    assert (record["record_id"], record["status"], record["output"]) == (record_id, "success", [1, 2])


def test_semantic_search_for_insights(tmp_path: Path) -> None:
    code = """
memory_manager.save("strategy_agent", "office", "The coffee machine was repaired", "long_term")
memory_manager.save("strategy_agent", "email_2025", "First names doubled the newsletter's open rate", "long_term")
memory_manager.save("other_agent", "email_2024", "Successful email campaigns", "long_term")

# Find relevant past experiences
similar = memory_manager.search_similar(
    agent_id="strategy_agent",
    query="successful email campaigns",
    top_k=5,
)
print([(entry["key"], 0 < entry["score"] <= 1) for entry in similar])
"""
    assert run(BEGIN + code, tmp_path) == "[('email_2025', True)]\n"


def test_memory_usage_is_monitored(tmp_path: Path) -> None:
    code = """
memory_manager.save(agent_id, "key", 1)
memory_manager.save(agent_id, "key", 1, "long_term")
session = create_session("campaign_004", memory_manager)
stats = memory_manager.get_stats()
print(f"Short-term entries: {stats['short_term_entries']}")
print(f"Long-term entries: {stats['long_term_entries']}")
print(f"Active sessions: {stats['active_sessions']}")
session.end_session()
print(memory_manager.get_stats()['active_sessions'], memory_manager.clear_session("campaign_004"))
"""
    assert run(BEGIN + code, tmp_path).splitlines() == [
        "Short-term entries: 1",
        "Long-term entries: 1",
        "Active sessions: 1",
        "0 False",
    ]
