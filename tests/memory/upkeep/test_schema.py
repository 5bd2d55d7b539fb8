"""The migrations make what the declarations say, on both engines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from memory.storage.database import Database, EachInItsWay, Statement
from memory.storage.migrations import STEPS
from memory.storage.table import INTEGER, TEXT, Column, Index, Table
from memory.upkeep.schema import TABLES
from tests.memory.conftest import numbers

# Tables of nobody's store: the journals of migrations, what SQLite makes beside AUTOINCREMENT and ANALYZE.
OF_THE_ENGINE = re.compile(r"sqlite_\w+|_sqlite_migrations|hawker_migrations")
# Columns that a server has only where pgvector is installed.
WHERE_PGVECTOR_IS = {("search_rows", "vector"), ("memory_vectors", "meaning")}


@dataclass(frozen=True)
class Shape:
    """What an engine says of one table: columns and everything else by name, each as a line."""

    columns: Mapping[str, str]
    more: frozenset[str]


def shapes(db: Database) -> dict[str, Shape]:
    """Every table of a database that is ours."""
    of = _shape_in_file if "://" not in db.url or db.url.startswith("sqlite") else _shape_in_server
    if of is _shape_in_file:
        names = db.all("SELECT name FROM sqlite_master WHERE type = 'table'")
    else:
        names = db.all("SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()")
    return {row["name"]: of(db, row["name"]) for row in names if not OF_THE_ENGINE.fullmatch(row["name"])}


def _shape_in_file(db: Database, table: str) -> Shape:
    text = db.value("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name", name=table)
    columns = {
        row["name"]: f"{row['type']}{' NOT NULL' * row['notnull']} DEFAULT {row['dflt_value']} in key: {row['pk']}"
        for row in db.all(f"SELECT * FROM pragma_table_info('{table}')")
    }
    # SQLite tells these by the statement alone.
    more = {mark for mark in ("AUTOINCREMENT", "WITHOUT ROWID") if mark in text}
    more |= {f"CHECK {found}" for found in re.findall(r"CHECK (\([^)]*\))", text)}
    more |= {
        f"{row['from']} REFERENCES {row['table']} ({row['to']}) ON DELETE {row['on_delete']}"
        for row in db.all(f"SELECT * FROM pragma_foreign_key_list('{table}')")
    }
    for row in db.all(f"SELECT * FROM pragma_index_list('{table}')"):
        parts = db.all(f"SELECT name FROM pragma_index_info('{row['name']}') ORDER BY seqno")
        named = ", ".join(part["name"] for part in parts)
        made = db.value("SELECT sql FROM sqlite_master WHERE type = 'index' AND name = :name", name=row["name"])
        name = row["name"] if made else "of the table"  # a key's index is numbered by SQLite
        where = " ".join(made.partition(" WHERE ")[2].split()) if made else ""
        more.add(f"INDEX {name}{' UNIQUE' * row['unique']} ({named}) WHERE {where}")
    return Shape(columns, frozenset(more))


def _shape_in_server(db: Database, table: str) -> Shape:
    columns = {
        row[
            "attname"
        ]: f"{row['kind']} {row['coll']}{' NOT NULL' * row['attnotnull']} DEFAULT {row['value']} {row['id']}"
        for row in db.all(
            "SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS kind, l.collname AS coll, a.attnotnull,"
            " a.attidentity AS id, pg_get_expr(d.adbin, d.adrelid) AS value FROM pg_attribute a"
            " LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
            " LEFT JOIN pg_collation l ON l.oid = a.attcollation"
            " WHERE a.attrelid = CAST(:table AS regclass) AND a.attnum > 0 AND NOT a.attisdropped",
            table=table,
        )
        if (table, row["attname"]) not in WHERE_PGVECTOR_IS
    }
    constraints = db.all(
        "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint"
        " WHERE conrelid = CAST(:table AS regclass) AND contype <> 'n'",
        table=table,
    )
    indexes = db.all("SELECT indexdef AS text FROM pg_indexes WHERE tablename = :table", table=table)
    return Shape(columns, frozenset(row["text"] for row in (*constraints, *indexes)))


def difference(made: Mapping[str, Shape], declared: Mapping[str, Shape], tables: Sequence[Table]) -> list[str]:
    """What the migrations lack, as the statements that are missing, and what the declarations do not know."""
    found = []
    for table in tables:
        there, wanted = made.get(table.name), declared[table.name]
        if there is None:
            found += [f"no migration makes {table.name}: {_text(statement)}" for statement in table.create()]
            continue
        for name, column in wanted.columns.items():
            if name not in there.columns:
                ddl = table.columns[name].ddl()
                found.append(f"no migration makes {table.name}.{name}: ALTER TABLE {table.name} ADD COLUMN {ddl}")
            elif column != there.columns[name]:
                found.append(f"{table.name}.{name} is declared as {column}, and migrated as {there.columns[name]}")
        found += [
            f"{table.name} has a column {name} that is not declared" for name in there.columns.keys() - wanted.columns
        ]
        found += [f"{table.name}: declared, and not migrated: {each}" for each in sorted(wanted.more - there.more)]
        found += [f"{table.name}: migrated, and not declared: {each}" for each in sorted(there.more - wanted.more)]
    return found


def _text(statement: Statement) -> str:
    return statement.sqlite[0] if isinstance(statement, EachInItsWay) else statement


def declare(db: Database, tables: Sequence[Table]) -> None:
    """Make the tables from their declarations alone."""
    with db.transaction():
        for table in tables:
            for statement in table.create():
                db.apply(statement)


@pytest.fixture
def declared(url: str, request: pytest.FixtureRequest) -> Database:
    """An empty database of the same engine."""
    if url.startswith("sqlite"):
        return Database(f"{url}.declared")
    return Database(request.getfixturevalue("postgres").create(f"declared{next(numbers)}"))


def test_migrations_make_what_is_declared(url: str, declared: Database) -> None:
    migrated = Database(url)
    migrated.migrate(STEPS)
    declare(declared, TABLES)
    assert difference(shapes(migrated), shapes(declared), TABLES) == []
    assert shapes(migrated).keys() == {table.name for table in TABLES}
    for db in (migrated, declared):
        db.close()


def test_a_difference_names_the_missing_statement(url: str, declared: Database) -> None:
    migrated = Database(url)
    before = Table("pets", Column("id", INTEGER), Column("name", TEXT, null=True), Column("old", TEXT))
    after = Table(
        "pets",
        Column("id", INTEGER),
        Column("name", TEXT),
        Column("kind", TEXT, default="'cat'"),
        indexes=[Index("pets_by_name", "name", where="kind = 'cat'")],
    )
    more = Table("owners", Column("id", INTEGER))
    declare(migrated, [before])
    declare(declared, [after, more])
    [kind, name, *others] = sorted(difference(shapes(migrated), shapes(declared), [after, more]))
    assert kind == "no migration makes owners: CREATE TABLE owners (\n    id INTEGER PRIMARY KEY\n)"
    assert name == "no migration makes pets.kind: ALTER TABLE pets ADD COLUMN kind TEXT NOT NULL DEFAULT 'cat'"
    assert [each.split(" ")[:2] for each in others] == [["pets", "has"], ["pets.name", "is"], ["pets:", "declared,"]]
    assert "pets_by_name" in others[-1]
    for db in (migrated, declared):
        db.close()
