"""Exports the graph to a Neo4j (Bolt) server; nothing here reads it back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from memory.ads.graph import KINDS, Edge, Graph
from memory.storage.errors import MemoryFault

if TYPE_CHECKING:
    from neo4j import Driver

BATCH = 1000  # rows of one statement
SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
LABELS = {kind: "".join(word.title() for word in kind.split("_")) for kind in KINDS}


class GraphNotCopied(MemoryFault):
    """The server was unreachable or refused; the text says what to do. Copying again is safe."""


@dataclass(frozen=True, slots=True)
class Target:
    address: str  # without user and password
    user: str
    password: str
    database: str | None  # None: the server's default

    @classmethod
    def read(cls, url: str, *, password: str = "") -> Target:
        """`bolt://user@host:7687/database`; a password in the URL overrides `password`."""
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise GraphNotCopied("write the server's address as bolt://user@host:7687/database")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        port = f":{parts.port}" if parts.port else ""
        return cls(
            address=f"{parts.scheme}://{host}{port}",
            user=unquote(parts.username or "neo4j"),
            password=unquote(parts.password or password),
            database=unquote(parts.path.strip("/")) or None,
        )


@dataclass(frozen=True, slots=True)
class Copied:
    nodes: int  # on the server now
    relations: int
    removed: int  # nodes


def copy_graph(graph: Graph, brand: str, target: Target, *, since: date | None = None) -> Copied:
    """Synchronise the brand's part of the server: add, update, remove. Idempotent. Raises GraphNotCopied.

    `since`: chats, leads and orders from this day on. Nothing else on the server is touched.
    """
    try:
        from neo4j import GraphDatabase
        from neo4j.exceptions import DriverError, Neo4jError
    except ImportError as missing:
        raise GraphNotCopied("the driver is not installed: pip install -r requirements-engines.txt") from missing
    edges = list(graph.edges(brand, since=since))
    try:
        with GraphDatabase.driver(target.address, auth=(target.user, target.password), connection_timeout=5) as driver:
            driver.verify_connectivity()  # fails at once; a query would retry for 30 s
            return _Synchronisation(driver, target.database, brand).synchronise(edges, graph)
    except (DriverError, Neo4jError, ValueError) as fault:
        raise GraphNotCopied(
            f"{target.address}: {type(fault).__name__}; check address, user, password and that the database exists"
        ) from fault


class _Synchronisation:
    """One run marks everything it writes; nodes with an older mark are removed."""

    def __init__(self, driver: Driver, database: str | None, brand: str) -> None:
        self._driver = driver
        self._database = database
        self._brand = brand
        self._run = uuid4().hex

    def synchronise(self, edges: Sequence[Edge], graph: Graph) -> Copied:
        # Nodes before relations, removal last: an interrupted run has removed nothing.
        nodes = {(edge.from_kind, edge.from_key) for edge in edges} | {(edge.to_kind, edge.to_key) for edge in edges}
        known = {(kind, key): properties for kind, key, properties in graph.properties(self._brand)}
        for label in LABELS.values():
            self._execute(f"CREATE CONSTRAINT {label}_key IF NOT EXISTS FOR (n:{label}) REQUIRE n.key IS UNIQUE")
        for kind, group in groupby(sorted(nodes), key=lambda node: node[0]):
            rows = [{"key": self._key(key), "more": {"id": key, **known.get((kind, key), {})}} for _kind, key in group]
            self._merge_nodes(LABELS[kind], rows)
        for (start, relation, end), same in groupby(sorted(edges, key=_sort), key=lambda edge: _sort(edge)[:3]):
            ends = [{"from": self._key(edge.from_key), "to": self._key(edge.to_key)} for edge in same]
            self._merge_relations(start, relation, end, ends)
        return Copied(len(nodes), len(edges), self._remove())

    def _merge_nodes(self, label: str, rows: Sequence[dict[str, Any]]) -> None:
        for batch in _batches(rows):
            self._execute(
                f"UNWIND $rows AS row MERGE (n:{label} {{key: row.key}})"
                " SET n = row.more, n.key = row.key, n.brand = $brand, n.copied = $run",
                rows=batch,
            )

    def _merge_relations(self, start: str, relation: str, end: str, ends: Sequence[dict[str, str]]) -> None:
        for batch in _batches(ends):
            self._execute(
                f"UNWIND $rows AS row MATCH (a:{LABELS[start]} {{key: row.from}}) MATCH (b:{LABELS[end]} {{key: row.to}})"
                f" MERGE (a)-[r:{relation}]->(b) SET r.copied = $run",
                rows=batch,
            )

    def _remove(self) -> int:
        removed = 0
        for label in LABELS.values():
            self._execute(f"MATCH (n:{label} {{brand: $brand}})-[r]->() WHERE r.copied <> $run DELETE r")
            old = f"MATCH (n:{label} {{brand: $brand}}) WHERE n.copied <> $run"
            [count] = self._execute(f"{old} RETURN count(n) AS n")
            removed += count["n"]
            self._execute(f"{old} DETACH DELETE n")
        return removed

    def _key(self, key: str) -> str:
        return f"{self._brand}/{key}"

    def _execute(self, cypher: str, **values: Any) -> list[Any]:
        values |= {"brand": self._brand, "run": self._run}
        records, _summary, _keys = self._driver.execute_query(cypher, values, database_=self._database)
        return records


def _sort(edge: Edge) -> tuple[str, str, str, str, str]:
    return edge.from_kind, edge.relation, edge.to_kind, edge.from_key, edge.to_key


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        yield batch
