from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from bot.settings import Settings, WrongSetting
from memory.agents.short_term import RedisBackend
from memory.security.transport_security import Transport, outside_connection, verified
from memory.settings import MemorySettings
from memory.storage.database import Database
from memory.storage.errors import DatabaseUnavailable, ShortTermUnavailable, WrongMemorySetting
from tests.servers import PostgresServer, RedisServer
from tests.tls import Certificates, made_certificates, openssl_is_there, tls_in_front

LOCAL, ENCRYPTED, PLAIN = Transport.LOCAL, Transport.ENCRYPTED, Transport.PLAIN
FULL = "sslmode=verify-full&sslrootcert=%2Fauthorities.pem"


@pytest.mark.parametrize(
    ("url", "transport"),
    [
        ("sqlite:///data/hawker.db", LOCAL),
        ("postgresql:///shop", LOCAL),
        ("postgresql://hawker@/shop?host=%2Fvar%2Frun%2Fpostgresql", LOCAL),
        ("postgresql://hawker:p@ss@localhost:5432/shop", LOCAL),
        ("postgresql://127.0.0.1/shop?sslmode=disable", LOCAL),
        ("postgresql://[::1]:5432/shop", LOCAL),
        ("postgresql://localhost,127.0.0.2:5433/shop", LOCAL),
        ("postgresql://localhost,db.internal/shop?sslmode=prefer", PLAIN),
        ("postgresql://db.internal/shop", ENCRYPTED),
        ("postgres://db.internal/shop?sslmode=require", ENCRYPTED),
        ("postgresql://db.internal/shop?sslmode=verify-ca", ENCRYPTED),
        ("postgresql://db.internal/shop?sslmode=allow", PLAIN),
        ("postgresql://db.internal/shop?sslmode=disable", PLAIN),
        ("postgresql://localhost/shop?hostaddr=10.0.0.5&sslmode=disable", PLAIN),
        ("postgresql://127.0.0.1.example.com/shop?sslmode=disable", PLAIN),
        ("postgresql:///shop?service=main&sslmode=disable", PLAIN),
        ("unix:///run/redis.sock", LOCAL),
        ("redis://127.0.0.1:6379/0", LOCAL),
        ("redis://:secret@cache:6379/0", PLAIN),
        ("rediss://cache:6380/0", ENCRYPTED),
        ("rediss://cache:6380/0?ssl_cert_reqs=none", PLAIN),
        ("rediss://cache:6380/0?ssl_check_hostname=false", PLAIN),
        ("http://localhost:11434/v1", LOCAL),
        ("http://[::1]:11434/v1", LOCAL),
        ("http://models.internal/v1", PLAIN),
        ("HTTP://models.internal/v1", PLAIN),
        ("https://api.openai.com/v1", ENCRYPTED),
    ],
)
def test_an_address_says_whether_it_is_encrypted(url: str, transport: Transport) -> None:
    assert outside_connection("DATABASE_URL", url).transport is transport


@pytest.mark.parametrize(
    ("url", "becomes"),
    [
        ("sqlite:///data/hawker.db", "sqlite:///data/hawker.db"),
        ("postgresql://localhost/shop", "postgresql://localhost/shop"),
        ("postgresql://db/shop", f"postgresql://db/shop?{FULL}"),
        ("postgresql://db/shop?sslmode=require", f"postgresql://db/shop?{FULL}"),
        ("postgresql://localhost/shop?sslmode=require", f"postgresql://localhost/shop?{FULL}"),
        ("postgresql://db/shop?sslmode=verify-ca", "postgresql://db/shop?sslmode=verify-ca"),
        (
            "postgresql://db/shop?sslrootcert=%2Fca.pem",
            "postgresql://db/shop?sslrootcert=%2Fca.pem&sslmode=verify-full",
        ),
        ("postgresql://plain/shop", "postgresql://plain/shop"),
        ("postgresql://plain/shop?sslmode=require", "postgresql://plain/shop?sslmode=require"),
        ("postgresql://plain,db/shop", f"postgresql://plain,db/shop?{FULL}"),
    ],
)
def test_a_database_elsewhere_is_verified(
    url: str, becomes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # no root certificate of libpq's
    file = tmp_path / "authorities.pem"
    file.touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    assert verified(url, ["plain"]) == becomes.replace("%2Fauthorities.pem", quote(str(file), safe=""))


PLAIN_SETTINGS = [
    {"DATABASE_URL": "postgresql://db.internal/shop?sslmode=prefer"},
    {"REDIS_URL": "redis://db.internal:6379/0"},
    {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://db.internal/v1"},
    {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "t",
        "TWILIO_WHATSAPP_FROM": "+14155238886",
        "PUBLIC_URL": "https://shop.example.com",
        "TWILIO_API_URL": "http://db.internal:9000",
    },
]


@pytest.mark.parametrize("given", PLAIN_SETTINGS)
def test_a_plain_connection_to_another_machine_needs_a_setting(given: dict[str, str]) -> None:
    with pytest.raises(WrongSetting, match=r"db\.internal is not encrypted.*PLAIN_HOSTS"):
        Settings.from_environment(given)
    with pytest.raises(WrongSetting):
        Settings.from_environment(given | {"PLAIN_HOSTS": "internal,db"})
    Settings.from_environment(given | {"PLAIN_HOSTS": "other, db.internal"})


def test_memory_alone_refuses_plain_connections_too() -> None:
    with pytest.raises(WrongMemorySetting, match="REDIS_URL"):
        MemorySettings.from_environment({"REDIS_URL": "redis://cache/1"})


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    if not openssl_is_there():
        pytest.skip("openssl makes the certificates")
    return made_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def database(postgres: PostgresServer, certificates: Certificates) -> Iterator[int]:
    with tls_in_front(certificates, postgres.folder / ".s.PGSQL.5432", postgres=True) as port:
        yield port


def asked(url: str) -> int:
    db = Database(verified(url), timeout=0.1)
    try:
        return int(db.value("SELECT 1"))
    finally:
        db.close()


def test_a_database_is_taken_with_the_right_certificate_only(
    database: int, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = f"sslrootcert={quote(str(certificates.authority), safe='')}"
    assert asked(f"postgresql://hawker@localhost:{database}/postgres?sslmode=require&{trusted}") == 1
    # This machine's authorities, where the address names none.
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    assert asked(f"postgresql://hawker@localhost:{database}/postgres?sslmode=require") == 1
    monkeypatch.delenv("SSL_CERT_FILE")
    wrong = [
        f"localhost:{database}/postgres?sslmode=require",  # signed by nobody that this machine knows
        f"localhost:{database}/postgres?sslmode=require&sslrootcert={quote(str(certificates.key), safe='')}",
        f"127.0.0.1:{database}/postgres?sslmode=require&{trusted}",  # another name
    ]
    for address in wrong:
        with pytest.raises(DatabaseUnavailable):
            asked(f"postgresql://hawker@{address}")
    # What libpq alone would have taken.
    psycopg.connect(f"postgresql://hawker@{wrong[0]}").close()


def test_redis_is_taken_with_the_right_certificate_only(redis: RedisServer, certificates: Certificates) -> None:
    with tls_in_front(certificates, redis.folder / "redis.sock") as port:
        trusted = f"ssl_ca_certs={quote(str(certificates.authority), safe='')}"
        short = RedisBackend(f"rediss://localhost:{port}/0?{trusted}")
        short.put(("a",), "kept", 60)
        assert short.get(("a",)) == "kept"
        for address in (f"localhost:{port}/0", f"127.0.0.1:{port}/0?{trusted}"):
            with pytest.raises(ShortTermUnavailable):
                RedisBackend(f"rediss://{address}").get(("a",))
