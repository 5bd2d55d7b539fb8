"""Export and import of everything, in the first design's own files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from memory.agents.memory_manager import recorded
from memory.conversations.backfill import Past
from memory.people.address_mentions import PersonMentions, addresses_in, texts_of, with_texts
from memory.storage.database import Database, Row
from memory.storage.errors import FilesUnusable, NotStorable
from memory.storage.json_values import check_name, file_name, to_json
from memory.storage.timestamps import to_text
from memory.upkeep.conversation_json import Dossiers, Fault, Notes
from memory.upkeep.erasure_register import ErasedList, ErasureRegister, Identity, erased_at, identity_of_work

AT_ONCE = 500  # lines of a file taken in by one transaction
UNFINISHED = ".unfinished"


class ExportPart(Protocol):
    """One kind of data. Add yours to the sequence passed to `write` and `read`."""

    def size(self) -> int:
        """Number of files that `write` creates."""

    def write(self, folder: Path) -> Iterator[Path]:
        """Write all files below `folder`; yields each after it is written."""

    def files(self, folder: Path) -> list[Path]:
        """This part's files below `folder`."""

    def read(self, file: Path, notes: Notes) -> None:
        """Import a file; faults go into `notes`."""


@dataclass(frozen=True, slots=True)
class ConversationFiles:
    """`conversations/…json`, one per person of a brand."""

    dossiers: Dossiers
    register: ErasureRegister

    def size(self) -> int:
        return self.dossiers.count()

    def write(self, folder: Path) -> Iterator[Path]:
        last = 0
        while people := self.dossiers.people(after=last):
            for contact_id in people:
                dossier = self.dossiers.of(contact_id)
                name = file_name(dossier["user_profile"]["phone_number"])
                yield put(folder / "conversations" / f"{name}.json", [indented(dossier)])
            last = people[-1]

    def files(self, folder: Path) -> list[Path]:
        return sorted((folder / "conversations").glob("*.json"))

    def read(self, file: Path, notes: Notes) -> None:
        given = notes.read("", parsed, text_of(file))
        if given is not None:
            self.dossiers.take_in(given, notes, self.register)


@dataclass(frozen=True, slots=True)
class RecordFiles:
    """`execution_records/…jsonl`, the audit trail of each agent, a record per line."""

    db: Database
    past: Past
    brands: Sequence[str]  # whose erased people are not taken in
    register: ErasureRegister

    def size(self) -> int:
        return int(self.db.value("SELECT count(DISTINCT agent_id) FROM execution_records"))

    def write(self, folder: Path) -> Iterator[Path]:
        for row in self.db.all("SELECT DISTINCT agent_id FROM execution_records ORDER BY agent_id"):
            agent = row["agent_id"]
            yield put(folder / "execution_records" / f"{file_name(agent)}.jsonl", self._lines(agent))

    def files(self, folder: Path) -> list[Path]:
        return sorted((folder / "execution_records").glob("*.jsonl"))

    def read(self, file: Path, notes: Notes) -> None:
        lines = [*enumerate(text_of(file).split("\n"), start=1)]
        erased = self.register.whole()
        for first in range(0, len(lines), AT_ONCE):
            with self.db.transaction():
                for number, line in lines[first : first + AT_ONCE]:
                    if line.strip():
                        self._take_in(line, f"line {number}", notes, erased)

    def _lines(self, agent: str) -> Iterator[str]:
        page = self._page(agent, 0)
        while page:
            yield from (json.dumps(recorded(row)) + "\n" for row in page)
            page = self._page(agent, page[-1]["id"])

    def _page(self, agent: str, after: int) -> list[Row]:
        return self.db.all(
            "SELECT * FROM execution_records WHERE agent_id = :agent AND id > :after ORDER BY id LIMIT 1000",
            agent=agent,
            after=after,
        )

    def _take_in(self, line: str, place: str, notes: Notes, erased: ErasedList) -> None:
        record = notes.read(place, _as_object, line)
        if record is None:
            return
        before = len(notes.faults)
        naming = self._erased_in(record, erased)
        if naming is not None:
            notes.read(place, _refuse, f"names somebody who was erased at {naming}, and is not taken in again")
            return
        row = {
            "record_id": notes.read(f"{place}: record_id", check_name, "record_id", record.pop("record_id", None)),
            "agent": notes.read(f"{place}: agent_id", check_name, "agent_id", record.pop("agent_id", None)),
            "at": notes.read(f"{place}: timestamp", self._moment, record.pop("timestamp", None)),
            "workflow": _workflow(record),
            "record": notes.read(place, to_json, record),
        }
        if len(notes.faults) == before:
            self.db.run(
                "INSERT INTO execution_records (record_id, agent_id, workflow_id, at, record)"
                " VALUES (:record_id, :agent, :workflow, :at, :record) ON CONFLICT DO NOTHING",
                **row,
            )

    def _erased_in(self, record: dict[str, Any], erased: ErasedList) -> str | None:
        """When somebody whom the record names was erased, if that was after the record; None for nobody."""
        case = re.fullmatch(r"contact:(\d+)", str(record.get("workflow_id")))
        people = [identity_of_work(int(case[1]))] if case else []
        people += [
            Identity(brand, kind, value)
            for text in texts_of(record)
            for kind, value in addresses_in(text)
            for brand in self.brands
        ]
        at = erased_at(erased, people)
        try:
            return at if at is None or self._moment(record.get("timestamp")) <= at else None
        except NotStorable:
            return at

    def _moment(self, given: object) -> str:
        return to_text(self.past.read_moment(given))


class OfBrands(Protocol):
    """A store that exports and imports a brand's data as one JSON object."""

    def exported(self, brand: str) -> dict[str, Any]: ...

    def take_in(self, brand: str, memory: Any, /) -> Sequence[str]:
        """Import what is valid; one sentence per fault, beginning with its place."""


@dataclass(frozen=True, slots=True)
class OneFile:
    """A single JSON file, such as `campaign_memory.json`."""

    name: str
    brand: str
    store: OfBrands
    register: ErasureRegister

    def size(self) -> int:
        return 1

    def write(self, folder: Path) -> Iterator[Path]:
        yield put(folder / self.name, [indented(self.store.exported(self.brand))])

    def files(self, folder: Path) -> list[Path]:
        return [file for file in [folder / self.name] if file.exists()]

    def read(self, file: Path, notes: Notes) -> None:
        given = notes.read("", parsed, text_of(file))
        if given is not None:
            notes.faults += [
                Fault(notes.file, "", wrong) for wrong in self.store.take_in(self.brand, self._clean(given))
            ]

    def _clean(self, given: Any) -> Any:
        """Without numbers and user ids of erased people."""
        erased = self.register.whole()

        def clean(text: str) -> str:
            named = [
                value for kind, value in addresses_in(text) if erased_at(erased, [Identity(self.brand, kind, value)])
            ]
            phones = frozenset(value for value in named if value.startswith("+"))
            return PersonMentions(phones, frozenset(named) - phones).redacted(text) if named else text

        return with_texts(given, clean) if erased.erased else given


def write(folder: Path, parts: Sequence[ExportPart], step: Callable[[], None] = lambda: None) -> int:
    """Write every part below `folder`; returns the number of files. `step` is called after each.

    Existing files are replaced atomically, others are left alone. Readable by the owner only. Raises FilesUnusable.
    """
    done = 0
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in parts:
            for _file in part.write(folder):
                done += 1
                step()
    except OSError as fault:
        raise FilesUnusable(f"{folder} cannot be written ({fault.strerror}); choose another, or make space") from fault
    return done


def pending(folder: Path, parts: Sequence[ExportPart]) -> int:
    """Number of files that `read` will find. Raises FilesUnusable where there are none."""
    found = sum(len(part.files(folder)) for part in parts)
    if not found:
        raise FilesUnusable(
            f"there is nothing to import in {folder}; name the folder that has conversations/ or execution_records/"
        )
    return found


def read(folder: Path, parts: Sequence[ExportPart], step: Callable[[], None] = lambda: None) -> list[Fault]:
    """Import every file of every part; returns the faults. `step` is called after each file.

    Idempotent. Raises DatabaseUnavailable.
    """
    faults: list[Fault] = []
    for part in parts:
        for file in part.files(folder):
            notes = Notes(file.relative_to(folder).as_posix())
            try:
                part.read(file, notes)
            except FilesUnusable as fault:
                notes.faults.append(Fault(notes.file, "", str(fault)))
            faults += notes.faults
            step()
    return faults


def put(file: Path, pieces: Iterable[str]) -> Path:
    """Write a text file atomically, readable by the owner only."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = file.with_name(file.name + UNFINISHED)
    try:
        # Half of a surrogate pair, which notes on a message may hold, becomes the escape that JSON has for it.
        with open(unfinished, "w", encoding="utf-8", errors="backslashreplace", opener=_private) as lines:
            lines.writelines(pieces)
        return unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def indented(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def parsed(text: str) -> Any:
    """Parse JSON. Raises NotStorable."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as fault:
        where = f"line {fault.lineno}" if isinstance(fault, json.JSONDecodeError) else "as a whole"
        raise NotStorable(f"this is not JSON ({where}); repair the file") from None


def text_of(file: Path) -> str:
    """Raises FilesUnusable."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        raise FilesUnusable("this is not text in UTF-8; save it so") from fault
    except OSError as fault:
        raise FilesUnusable(f"this file cannot be read ({fault.strerror})") from fault


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _refuse(why: str) -> None:
    raise NotStorable(why)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _as_object(line: str) -> dict[str, Any]:
    record = parsed(line)
    if not isinstance(record, dict):
        raise NotStorable("must be an object with record_id, agent_id and timestamp")
    return record


def _workflow(record: dict[str, Any]) -> str:
    """Only a valid name is a workflow id; anything else is data of the record."""
    try:
        workflow = check_name("workflow_id", record.get("workflow_id"))
    except NotStorable:
        return ""
    del record["workflow_id"]
    return workflow
