"""Promises about the whole tree: every route is marked, every setting explained, every outside package at home."""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from dotenv import dotenv_values
from flask import Flask

from app import create_app
from bot.ads.facebook import errors, vocabulary
from bot.brands import read_brands
from bot.language.languages import FIRST, LANGUAGES
from bot.language.normalisation import fold
from bot.sales.answering.model_tools import tool_descriptions
from bot.settings import Settings
from bot.shop.catalogue import read_catalogue
from bot.web.access import who_may_call
from bot.wiring.program import assemble
from memory.settings import MemorySettings
from tests.world import environment

ROOT = Path(__file__).parent.parent
HOMES = {
    "twilio": ("bot/channels/",),
    "openai": ("bot/model/connection.py",),
    "sqlite3": ("memory/", "bot/channels/simulator", "bot/ads/practice"),
    "sqlite_utils": ("memory/", "bot/channels/simulator", "bot/ads/practice"),
    "apscheduler": ("bot/delivery/scheduler.py",),
    "jwt": ("bot/web/access.py",),
    "gunicorn": ("bot/web/buffering_worker.py",),
    "flask_smorest": ("bot/web/api/conversations.py",),
    "dotenv": ("memory/environment.py",),
    "sqlcipher3": ("memory/storage/sqlcipher.py",),
    "psycopg": ("memory/storage/postgres.py",),
    "requests": ("bot/channels/", "bot/ads/facebook/", "bot/ads/tasks/asana.py"),
    "redis": ("memory/agents/short_term.py",),
    "neo4j": ("memory/ads/graph_export.py",),
    "vl_convert": ("bot/ads/reports/chart_png.py",),
}
# What plays the outside world keeps a file of its own, as the outside world would.
PLAYED = ("memory/", "bot/channels/simulator", "bot/ads/practice")
SQL = re.compile(r"\s*(SELECT\s.+\sFROM\s|INSERT\s+INTO\s|UPDATE\s\w+\sSET\s|DELETE\s+FROM\s|PRAGMA\s)", re.S)


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return assemble(Settings.from_environment(environment(tmp_path, 8000))).web


def test_every_route_says_who_may_call_it(app: Flask) -> None:
    marked = who_may_call(app)
    assert {rule.endpoint for rule in app.url_map.iter_rules()} - set(marked) == set()


def test_every_setting_is_explained_with_its_default() -> None:
    declared = [field.metadata for settings in (Settings, MemorySettings) for field in fields(settings)]
    names = {each["read"].data_key for each in declared if each}
    lines = (ROOT / ".env.example").read_text().splitlines()
    explained = {line.partition("=")[0] for above, line in itertools.pairwise(lines)
                 if "=" in line and not line.startswith("#") and above.startswith("# ")}  # fmt: skip
    assert explained == names
    example = {name: value or "" for name, value in dotenv_values(ROOT / ".env.example").items()}
    assert Settings.from_environment(example) == Settings.from_environment({})


@pytest.mark.parametrize("package", HOMES)
def test_an_outside_package_has_one_home(package: str) -> None:
    users = {path for path, tree in product() if package in imported(tree)}
    assert {path for path in users if not path.startswith(HOMES[package])} == set()


def test_only_the_settings_read_the_environment() -> None:
    readers = {path for path, tree in product() if reads_environment(tree)}
    assert readers - {"bot/__init__.py"} == {"memory/environment.py"}  # that one sets numpy's threads


def test_the_graph_api_is_spoken_in_one_place() -> None:
    speakers = {path for path, tree in product() if any("graph.facebook.com" in text for text in texts(tree))}
    assert {path for path in speakers if not path.startswith("bot/ads/facebook/")} == {"bot/settings.py"}


# Where a word or number of Meta's stands all the same.
METAS_WORDS_ALLOWED = {
    "bot/settings.py": "the variables that hold Meta's ids and token, explained",
    "bot/ads/new_ads/compliance.py": "Meta's Advertising Standards, and its names, which no ad may bear",
}


def test_metas_words_stay_in_its_folder() -> None:
    words = {*vocabulary.STATUSES, *vocabulary.EFFECTIVE_STATUSES, *vocabulary.LEARNING_PHASES} - {
        "LEARNING",
        "SUCCESS",
    }
    metas = re.compile(
        rf"\b(?:{'|'.join(sorted(words))}|OUTCOME_\w*|LINK_CLICKS|CONVERSATIONS|OFFSITE_CONVERSIONS|IMPRESSIONS"
        r"|LOWEST_COST\w*|Meta('s)?|Ads Manager|Graph API|adsets?|adgroups?)\b"
    )
    codes = {613, *(subcode for _code, subcode in errors.TABLE if subcode is not None and subcode > 999)}
    said = {
        path: {*filter(metas.search, spoken(tree)), *(number for number in numbers(tree) if number in codes)}
        for path, tree in product()
        if not path.startswith(("bot/ads/facebook/", "memory/storage/migrations/"))
    }
    assert {path: found for path, found in said.items() if found and path not in METAS_WORDS_ALLOWED} == {}
    assert {path for path in METAS_WORDS_ALLOWED if not said[path]} == set()


def test_sql_is_written_in_memory_only() -> None:
    writers = {path for path, tree in product() if any(SQL.match(text) for text in texts(tree))}
    assert {path for path in writers if not path.startswith(PLAYED)} == set()
    assert "memory/conversations/messages.py" in writers


def product() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the product: its path, and what it says."""
    files = [*ROOT.glob("*.py"), *ROOT.glob("bot/**/*.py"), *ROOT.glob("memory/**/*.py")]
    for file in files:
        yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text())


def imported(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").partition(".")[0])
    return found


def reads_environment(tree: ast.Module) -> bool:
    """Whether `os.environ` or `os.getenv` is used, other than to set a variable for a program that is started."""
    words = {"environ", "environb", "getenv"}
    nodes = [*ast.walk(tree)]
    written = {id(node.value) for node in nodes if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)}
    return any(
        (isinstance(node, ast.Attribute) and node.attr in words and ast.unparse(node.value) == "os"
         and id(node) not in written)
        or (isinstance(node, ast.alias) and node.name in words)
        for node in nodes
    )  # fmt: skip


def texts(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def numbers(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            yield node.value


def test_every_command_that_the_manual_names_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(tmp_path, 8000).items():
        monkeypatch.setenv(name, value)
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    code = [
        piece
        for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
        for piece in re.findall(r"```\w*\n(.*?)```|`([^`\n]+)`", page.read_text(), re.S)
    ]
    written = "\n".join("\n".join(piece) for piece in code)
    made = set(re.findall(r"^(?:\w+=\S+ )*make ([a-z]+)", written, re.M))
    asked = set(re.findall(r"flask --app app ([a-z-]+)", written))
    assert {"run", "test"} <= made
    assert {"token", "doctor", "worker"} <= asked
    assert made - targets == set()
    assert asked - set(create_app().cli.commands) == set()


# Words for the demo shop's goods that the program has in another sense.
OTHER_SENSES = {
    "phone": "a person's telephone number",
    "watch": "what is decided of an ad that neither wins nor loses",
    "mouse": "an irregular plural of English, as is mice",
    "mice": "an irregular plural of English",
    "camera": "a spy camera, which Meta does not advertise; what a page may use of the visitor's machine",
    "glasses": "spy glasses, which Meta does not advertise",
}


def test_no_word_for_the_demo_shops_goods_stands_in_the_program() -> None:
    """Words of a language are not words of a shop: `bot.language` is left out."""
    [brand] = read_brands(ROOT / "data" / "brands.toml").values()
    items = read_catalogue(ROOT / "data" / "catalogue.csv").items
    terms = {**brand.categories, **brand.subcategories}
    goods = {*terms, *(word for term in terms.values() for word in term.words)}
    goods |= {text for item in items for text in (item.category, item.maker, *item.keywords)}
    named = re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(fold(text)) for text in goods)})(?!\w)")
    said = [(path, text) for path, tree in product() if "language/" not in path for text in spoken(tree)]
    said += [(path.name, path.read_text(encoding="utf-8")) for path in ROOT.glob("bot/**/prompts/*.md")]
    said += [("tools", json.dumps(tool_descriptions()))]
    found = {(path, word) for path, text in said for word in named.findall(fold(text)) if word not in OTHER_SENSES}
    assert found == set()


def spoken(tree: ast.Module) -> Iterator[str]:
    """The texts of a module that are no docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    bodies = [node.body[0] for node in ast.walk(tree) if isinstance(node, documented) and node.body]
    docstrings = {id(first.value) for first in bodies if isinstance(first, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_no_word_of_a_language_stands_in_code() -> None:
    """Letters beside a-z belong to words; the tables of two scripts' letters and two signs of currencies are none."""
    tables, signs = {"bot/language/normalisation.py", "bot/language/reading/devanagari.py"}, {"zł", "kč"}
    said = [
        (path, text) for path, tree in product() if path not in tables for text in spoken(tree) if text not in signs
    ]
    assert {(path, text) for path, text in said if any(c > "\x7f" and c.isalpha() for c in text)} == set()


def test_no_code_names_a_language_but_the_first() -> None:
    codes = {*LANGUAGES} - {FIRST, "id"}  # every row has an id
    assert {(path, text) for path, tree in product() for text in spoken(tree) if text in codes} == set()
