"""A declared table: what is stored comes back, and a declaration that does not fit is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.language.money import Money
from memory.storage import bulk_insert
from memory.storage.table import (
    BLOB,
    DAY_NUMBER,
    FLAG,
    INTEGER,
    ISO_DATE,
    JSON,
    JSON_TUPLE,
    MICROSECONDS,
    REAL,
    ROW_ID,
    TEXT,
    TIMESTAMP,
    Column,
    ColumnType,
    Source,
    Table,
    computed,
    decimal_money,
    minor_money,
)
from tests.memory.stores import Stores

NOON = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pet:
    id: int
    name: str
    price: Money
    paid: Money | None
    fed_at: datetime | None
    tricks: dict[str, Any]
    mood: str = "unknown"


PETS = Table(
    "pets",
    Column("id", ROW_ID),
    Column("title", TEXT),
    Column("price", INTEGER),
    Column("currency", TEXT),
    Column("paid", TEXT, null=True),
    Column("fed_at", TIMESTAMP, null=True),
    Column("tricks", JSON, default="'{}'"),
    Column("seen", INTEGER, default="1"),
    unique=["title"],
)
PRICE, PAID = minor_money("price", "currency"), decimal_money("paid", "currency", null=True)
PET = PETS.rows(Pet, name="title", price=PRICE, paid=PAID, mood=None)
REX = Pet(1, "Rex", Money(Decimal("12.50"), "EUR"), None, None, {})
FIDO = Pet(2, "Fido", Money(Decimal("700"), "JPY"), Money(Decimal("650.5"), "JPY"), NOON, {"sit": [1, 2]})


@pytest.fixture
def pets(stores: Stores) -> Stores:
    with stores.db.transaction():
        for statement in PETS.create():
            stores.db.apply(statement)
    return stores


def test_objects_come_back_as_they_were_stored(pets: Stores) -> None:
    for pet in (REX, FIDO):
        values = PET.values(pet)
        assert pets.db.insert(PETS.insert(values, "RETURNING id"), **values) == pet.id
    assert PET.all(pets.db, f"SELECT {PET.columns} FROM pets ORDER BY id") == [REX, FIDO]
    assert PET.one(pets.db, f"SELECT {PET.columns} FROM pets WHERE id = :id", id=2) == FIDO
    assert PET.one(pets.db, f"SELECT {PET.columns} FROM pets WHERE id = :id", id=3) is None


def test_two_amounts_share_the_column_of_their_currency() -> None:
    assert PET.values(REX)["currency"] == "EUR"
    assert PET.values(FIDO) == {
        "id": 2,
        "title": "Fido",
        "price": 700,
        "currency": "JPY",
        "paid": "650.5",
        "fed_at": "2026-11-21T12:00:00.123456Z",
        "tricks": '{"sit": [1, 2]}',
    }


def test_fields_of_a_join_are_read_and_not_written(pets: Stores) -> None:
    row_type = PETS.rows(
        Pet, "p", name=computed("upper(p.title)"), price=PRICE, paid=PAID, tricks="p.tricks", mood="o.mood"
    )
    bulk_insert.insert(pets.db, PETS, [PET.values(FIDO)])
    sql = f"SELECT {row_type.columns} FROM pets p CROSS JOIN (SELECT 'glad' AS mood) o"
    assert row_type.one(pets.db, sql) == Pet(2, "FIDO", FIDO.price, FIDO.paid, NOON, '{"sit": [1, 2]}', "glad")  # type: ignore[arg-type]
    assert row_type.values(FIDO).keys() == {"id", "price", "currency", "paid", "fed_at"}


def test_an_upsert_updates_what_was_inserted_and_what_is_assigned(pets: Stores) -> None:
    rows = [PETS.stored(title=title, price=price, currency="EUR") for title, price in (("Rex", 1), ("Fido", 2))]
    bulk_insert.insert(pets.db, PETS, rows)
    again = [PETS.stored(title="Rex", price=3, currency="USD")]
    end = PETS.update_on_conflict(again[0], "title", seen="pets.seen + 1", price="pets.price + excluded.price")
    bulk_insert.insert(pets.db, PETS, again, end)
    found = pets.db.tuples("SELECT title, price, currency, seen FROM pets ORDER BY title")
    assert found == [("Fido", 2, "EUR", 1), ("Rex", 4, "USD", 2)]


def test_rows_with_different_columns_are_not_inserted_together(pets: Stores) -> None:
    rows = [
        PETS.stored(title="Rex", price=1, currency="EUR"),
        PETS.stored(title="Fido", price=2, currency="EUR", seen=3),
    ]
    with pytest.raises(ValueError, match="different columns"):
        bulk_insert.insert(pets.db, PETS, rows)


@pytest.mark.parametrize(
    ("type", "value", "stored"),
    [
        (TEXT, "a", "a"),
        (REAL, 0.5, 0.5),
        (BLOB, b"a", b"a"),
        (FLAG, True, 1),
        (TIMESTAMP, NOON, "2026-11-21T12:00:00.123456Z"),
        (MICROSECONDS, NOON, 1795262400123456),
        (ISO_DATE, date(2026, 11, 21), "2026-11-21"),
        (DAY_NUMBER, date(1, 1, 2), 2),
        (JSON, {}, "{}"),
        (JSON, [1, "ä"], '[1, "\\u00e4"]'),
        (JSON_TUPLE, ("a", "b"), '["a", "b"]'),
    ],
)
def test_every_type_of_column_is_stored_and_read(type: ColumnType, value: object, stored: object) -> None:
    @dataclass(frozen=True, slots=True)
    class Thing:
        it: Any

    table = Table("things", Column("it", type), key="it")
    assert table.stored(it=value) == table.rows(Thing).values(Thing(value)) == {"it": stored}
    assert table.rows(Thing).read((stored,)) == Thing(value)
    assert table.stored(it=None) == {"it": None}


def test_a_table_may_have_no_primary_key() -> None:
    assert Table("things", Column("it", TEXT), key="").create() == ["CREATE TABLE things (\n    it TEXT NOT NULL\n)"]


def test_a_moment_is_microseconds_before_1970_as_well() -> None:
    early = datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert MICROSECONDS.dump is not None
    assert MICROSECONDS.load is not None
    assert MICROSECONDS.dump(early) == -1
    assert MICROSECONDS.load(-1) + timedelta(microseconds=1) == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_row_type_that_does_not_fit_its_table_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Pet\.name has no column of its name in pets"):
        PETS.rows(Pet, price=PRICE, paid=PAID, mood=None)
    with pytest.raises(TypeError, match=r"Pet\.paid has no default"):
        PETS.rows(Pet, name="title", price=PRICE, paid=None, mood=None)
    with pytest.raises(TypeError, match="Pet has no fields colour"):
        PETS.rows(Pet, name="title", price=PRICE, paid=PAID, mood=None, colour=Source(("title",)))
    with pytest.raises(TypeError, match=r"key of the table pets has columns that it lacks: kind, owner"):
        Table("pets", Column("id", ROW_ID), key="id, kind", unique=["id, owner"])
