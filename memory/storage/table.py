"""Table declarations: CREATE, INSERT and row reading all follow from one declaration."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from typing import Any, Generic, Literal, TypeVar

from bot.language.money import Money
from memory.storage.database import Database, EachInItsWay, Statement
from memory.storage.timestamps import from_text, to_text

R = TypeVar("R")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ColumnType:
    """SQLite's type name, and the conversions from and to Python (None: none)."""

    sql: Literal["TEXT", "INTEGER", "REAL", "BLOB", "INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT"]
    load: Callable[[Any], Any] | None = None
    dump: Callable[[Any], Any] | None = None


def _from_json(text: str) -> Any:
    return {} if text == "{}" else json.loads(text)  # most are empty, and json takes a microsecond for that


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_microseconds(number: int) -> datetime:
    return EPOCH + timedelta(microseconds=number)


ROW_ID = ColumnType("INTEGER PRIMARY KEY AUTOINCREMENT")  # ids are never reused
REUSED_ROW_ID = ColumnType("INTEGER PRIMARY KEY")  # SQLite may reuse the last id after a delete
TEXT = ColumnType("TEXT")
INTEGER = ColumnType("INTEGER")
REAL = ColumnType("REAL")
BLOB = ColumnType("BLOB")
FLAG = ColumnType("INTEGER", bool, int)
TIMESTAMP = ColumnType("TEXT", from_text, to_text)
MICROSECONDS = ColumnType("INTEGER", from_microseconds, to_microseconds)
ISO_DATE = ColumnType("TEXT", date.fromisoformat, date.isoformat)
DAY_NUMBER = ColumnType("INTEGER", date.fromordinal, date.toordinal)  # days, counted from year 1
DECIMAL = ColumnType("TEXT", Decimal, str)
JSON = ColumnType("TEXT", _from_json, json.dumps)
JSON_UNESCAPED = ColumnType("TEXT", _from_json, partial(json.dumps, ensure_ascii=False))  # shorter in most scripts
JSON_TUPLE = ColumnType("TEXT", lambda text: tuple(json.loads(text)), lambda values: json.dumps(list(values)))


@dataclass(frozen=True, slots=True)
class Column:
    """`default` and `check` are SQL; `references` is a table with its column, such as `ads (id)`."""

    name: str
    type: ColumnType
    null: bool = False
    default: str | None = None
    unique: bool = False
    references: str | None = None
    check: str | None = None

    def ddl(self, *, primary_key: bool = False) -> str:
        # SQLite lets a one-column text primary key be NULL.
        in_key = primary_key or "PRIMARY KEY" in self.type.sql
        words = [
            f"{self.name} {self.type.sql}",
            "PRIMARY KEY" if primary_key else "",
            "" if self.null or in_key else "NOT NULL",
            "" if self.default is None else f"DEFAULT {self.default}",
            "UNIQUE" if self.unique else "",
            "" if self.references is None else f"REFERENCES {self.references}",
            "" if self.check is None else f"CHECK ({self.check})",
        ]
        return " ".join(filter(None, words))


@dataclass(frozen=True, slots=True)
class Index:
    """`columns` and `where` are SQL."""

    name: str
    columns: str
    unique: bool = False
    where: str | None = None

    def ddl(self, table: str) -> str:
        kind = "UNIQUE INDEX" if self.unique else "INDEX"
        rows = "" if self.where is None else f" WHERE {self.where}"
        return f"CREATE {kind} {self.name} ON {table} ({self.columns}){rows}"


@dataclass(frozen=True, slots=True)
class Source:
    """A field of a row type: the columns or expressions selected for it, and how to convert them.

    A name without a dot is a column, and is written, too. `take` converts back: to the stored value, or one per
    column. `null`: the field is None where the first column is NULL.
    """

    selected: tuple[str, ...]
    make: Callable[..., Any] | None = None
    take: Callable[[Any], Any] | None = None
    null: bool = False


def computed(sql: str, type: ColumnType = TEXT, *, null: bool = False) -> Source:
    """A read-only field: an SQL expression, or a joined table's column."""
    return Source((sql,), type.load, null=null)


def minor_money(amount: str, currency: str, *, null: bool = False) -> Source:
    """Money from an amount in ISO minor units and a currency."""
    return Source((amount, currency), Money.from_minor, lambda money: (money.minor, money.currency), null)


def decimal_money(amount: str, currency: str, *, null: bool = False) -> Source:
    """Money from a decimal amount as text, such as 12.50, and a currency."""
    return Source(
        (amount, currency), lambda text, unit: Money(Decimal(text), unit), lambda m: (str(m.amount), m.currency), null
    )


class Table:
    """Keys are written as in SQL: `brand, ad_id`."""

    def __init__(
        self,
        name: str,
        *columns: Column,
        key: str = "id",
        unique: Iterable[str] = (),
        indexes: Iterable[Index] = (),
        without_rowid: bool = False,
    ) -> None:
        """`key`: the primary key, "" for none. `without_rowid`: SQLite stores rows in primary-key order."""
        self.name = name
        self.columns = {column.name: column for column in columns}
        self._dumps = {column.name: column.type.dump for column in columns}
        self.key = tuple(key.split(", ")) if key else ()
        self._unique = tuple(unique)
        self._indexes = tuple(indexes)
        self._without_rowid = without_rowid
        named = {*self.key, *(each for keys in self._unique for each in keys.split(", "))}
        if unknown := named - self.columns.keys():
            raise TypeError(f"a key of the table {name} has columns that it lacks: {', '.join(sorted(unknown))}")

    @property
    def numbered(self) -> bool:
        """Whether the database numbers its rows."""
        return bool(self.key) and "PRIMARY KEY" in self.columns[self.key[0]].type.sql

    def create(self) -> list[Statement]:
        """The CREATE statements of a migration, in SQLite's type names."""
        single = self.key[0] if len(self.key) == 1 and not self.numbered else None
        lines = [column.ddl(primary_key=column.name == single) for column in self.columns.values()]
        if len(self.key) > 1:
            lines.append(f"PRIMARY KEY ({', '.join(self.key)})")
        lines += [f"UNIQUE ({keys})" for keys in self._unique]
        text = f"CREATE TABLE {self.name} (\n    " + ",\n    ".join(lines) + "\n)"
        made: Statement = text
        if self._without_rowid:
            server = text.replace("BLOB", "BYTEA").replace("INTEGER", "BIGINT")
            made = EachInItsWay(sqlite=(f"{text} WITHOUT ROWID",), postgresql=(server,))
        return [made, *(index.ddl(self.name) for index in self._indexes)]

    def stored(self, **values: Any) -> dict[str, Any]:
        """Values as their columns store them: statement parameters."""
        dumps = self._dumps
        return {
            name: value if (dump := dumps[name]) is None or value is None else dump(value)
            for name, value in values.items()
        }

    def insert(self, columns: Iterable[str], end: str = "") -> str:
        """An INSERT of these columns from parameters of the same names; `end` follows the values."""
        return _insert(self.name, tuple(columns), end)

    def update_on_conflict(self, columns: Iterable[str], key: str | None = None, **assigned: str) -> str:
        """The end of an INSERT that makes it an upsert by `key` (default: the primary key).

        `assigned`: column → SQL, for columns that do not take the inserted value.
        """
        keys = self.key if key is None else tuple(key.split(", "))
        kept = {name: f"excluded.{name}" for name in columns if name not in keys} | assigned
        changes = ", ".join(f"{name} = {value}" for name, value in kept.items())
        return f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"

    def rows(self, row_type: type[R], alias: str = "", /, **sources: str | Source | None) -> Rows[R]:
        """How to read a frozen dataclass from this table, which has `alias` in the statement.

        A field is the column of its name unless `sources` gives another column, a Source, or None (not stored: the
        default).
        """
        found: dict[Field[Any], Source] = {}
        for field in fields(row_type):  # type: ignore[arg-type]  # every row type is a dataclass
            source = sources.pop(field.name, field.name)
            if source is not None:
                found[field] = self._source(source, f"{row_type.__name__}.{field.name}")
            elif field.default is MISSING and field.default_factory is MISSING:
                raise TypeError(f"{row_type.__name__}.{field.name} has no default, so it must be stored")
        if sources:
            raise TypeError(f"{row_type.__name__} has no fields {', '.join(sources)}")
        return Rows(row_type, alias, found)

    def _source(self, source: str | Source, field: str) -> Source:
        if isinstance(source, Source):
            return source
        if "." in source:
            return Source((source,))
        if source not in self.columns:
            raise TypeError(f"{field} has no column of its name in {self.name}; say where it comes from")
        column = self.columns[source]
        return Source((source,), column.type.load, column.type.dump, column.null)


class Rows(Generic[R]):
    """How to read and store objects of one type.

    `columns`: the SELECT list; `read`: an object from such a tuple; `values`: an object's stored columns, without
    computed and joined ones.
    """

    columns: str
    read: Callable[[tuple[Any, ...]], R]
    values: Callable[[R], dict[str, Any]]

    def __init__(self, row_type: type[R], alias: str, sources: Mapping[Field[Any], Source]) -> None:
        prefix = f"{alias}." if alias else ""
        selected = [name for source in sources.values() for name in source.selected]
        self.columns = ", ".join(f"{prefix}{name}" if name.isidentifier() else name for name in selected)
        self.read = _compiled(_reader(sources), row_type, sources)
        self.values = _compiled(_writer(sources), row_type, sources)

    def all(self, db: Database, sql: str, /, **values: Any) -> list[R]:
        """The objects of a SELECT of `columns`."""
        return [self.read(row) for row in db.tuples(sql, **values)]

    def one(self, db: Database, sql: str, /, **values: Any) -> R | None:
        """The first object, or None."""
        for row in db.tuples(sql, **values):
            return self.read(row)
        return None


def _reader(sources: Mapping[Field[Any], Source]) -> str:
    names: list[str] = []
    arguments = []
    for place, (field, source) in enumerate(sources.items()):
        mine = [f"c{len(names) + each}" for each in range(len(source.selected))]
        names += mine
        made = mine[0] if source.make is None else f"make{place}({', '.join(mine)})"
        if source.null and source.make is not None:
            made = f"None if {mine[0]} is None else {made}"
        arguments.append(f"{field.name}={made}" if field.kw_only else made)
    return f"def made(row):\n    ({', '.join(names)},) = row\n    return RowType({', '.join(arguments)})\n"


def _writer(sources: Mapping[Field[Any], Source]) -> str:
    lines = []
    stored: dict[str, str] = {}
    for place, (field, source) in enumerate(sources.items()):
        if not any(map(str.isidentifier, source.selected)) or (source.take is None and source.make is not None):
            continue  # only read
        taken = f"row.{field.name}" if source.take is None else f"take{place}(row.{field.name})"
        if source.null and source.take is not None:
            nothing = "None" if len(source.selected) == 1 else repr((None,) * len(source.selected))
            taken = f"{nothing} if row.{field.name} is None else {taken}"
        mine = [f"f{place}_{each}" for each in range(len(source.selected))]
        lines.append(f"    {', '.join(mine)} = {taken}\n")
        for name, value in zip(source.selected, mine, strict=True):
            if name in stored:  # two amounts share the column of their currency, and one of them may be None
                stored[name] = f"({value} if {stored[name]} is None else {stored[name]})"
            elif name.isidentifier():
                stored[name] = value
    values = ", ".join(f"{name!r}: {value}" for name, value in stored.items())
    return f"def made(row):\n{''.join(lines)}    return {{{values}}}\n"


def _compiled(text: str, row_type: type, sources: Mapping[Field[Any], Source]) -> Callable[[Any], Any]:
    """A generated function: a loop over the fields takes two to three times as long.

    The source contains only names of the program: numbered variables, dataclass fields, declared columns.
    """
    known: dict[str, Any] = {"RowType": row_type}
    for place, source in enumerate(sources.values()):
        known |= {f"make{place}": source.make, f"take{place}": source.take}
    exec(text, known)  # noqa: S102  # nosec B102 # only names of the program, as above
    made: Callable[[Any], Any] = known["made"]
    return made


@cache
def _insert(table: str, columns: tuple[str, ...], end: str) -> str:
    marks = ", ".join(f":{name}" for name in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) {end}".rstrip()
