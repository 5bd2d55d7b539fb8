"""Which connections leave this machine, and whether they are encrypted and verified. An unverified one counts as plain."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

# libpq's own: whoever put a root certificate there wants it asked.
LIBPQ_ROOT = Path("~/.postgresql/root.crt")
# Of Debian, Arch and Alpine; of Fedora and its kin; of macOS and the BSDs.
AUTHORITIES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


class Transport(StrEnum):
    LOCAL = "local"  # a file, a Unix socket, the loopback interface
    ENCRYPTED = "encrypted"  # and the other side's certificate and name are checked
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class OutsideConnection:
    """Of one setting; `host` is where it goes, several separated by commas."""

    setting: str
    host: str
    transport: Transport

    def allowed(self, plain_hosts: Collection[str]) -> bool:
        return self.transport is not Transport.PLAIN or set(self.host.split(",")) <= set(plain_hosts)


def outside_connection(setting: str, url: str) -> OutsideConnection:
    """By the address of a database, a Redis server or an HTTP API."""
    scheme = url.partition(":")[0].lower()
    hosts, asked = _hosts(url), dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    if scheme in ("sqlite", "unix") or all(map(_is_here, hosts)):
        transport = Transport.LOCAL
    elif scheme in ("postgresql", "postgres"):
        transport = Transport.PLAIN if asked.get("sslmode", "") in _UNVERIFIED else Transport.ENCRYPTED
    elif scheme == "rediss":
        unverified = asked.get("ssl_cert_reqs", "required") != "required" or asked.get(
            "ssl_check_hostname", "true"
        ).lower() in ("false", "f", "no", "n", "0")
        transport = Transport.PLAIN if unverified else Transport.ENCRYPTED
    else:
        transport = Transport.ENCRYPTED if scheme == "https" else Transport.PLAIN
    return OutsideConnection(setting, ",".join(hosts), transport)


def refused(connections: Iterable[OutsideConnection], plain_hosts: Collection[str]) -> list[str]:
    """A sentence for each plain connection to a host that `plain_hosts` does not name."""
    return [
        f"{each.setting}: the connection to {each.host} is not encrypted, or checks no certificate: use {_ENCRYPTED[each.setting]},"
        f" or name the host in PLAIN_HOSTS"
        for each in connections
        if not each.allowed(plain_hosts)
    ]


_ENCRYPTED = {
    "DATABASE_URL": "?sslmode=verify-full",
    "REDIS_URL": "rediss://",
    "OPENAI_BASE_URL": "https://",
    "TWILIO_API_URL": "https://",
}
# `require` is not among them, as `verified` makes it verify.
_UNVERIFIED = ("disable", "allow", "prefer")


def verified(url: str, plain_hosts: Collection[str] = ()) -> str:
    """A database's address with `sslmode=verify-full` where it goes to another machine or requires TLS.

    libpq by itself takes a plain connection where the server offers no other, and `require` checks no certificate.
    `plain_hosts` are left as they are.
    """
    if not url.startswith(("postgresql://", "postgres://")):
        return url
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    connection = outside_connection("DATABASE_URL", url)
    mode = asked.get("sslmode")
    wanted = mode == "require" or (mode is None and connection.transport is not Transport.LOCAL)
    if not wanted or set(connection.host.split(",")) <= set(plain_hosts):
        return url
    asked["sslmode"] = "verify-full"
    if "sslrootcert" not in asked and not LIBPQ_ROOT.expanduser().exists():
        asked["sslrootcert"] = _authorities()
    return urlunsplit(parts._replace(query=urlencode(asked, quote_via=quote)))


def _authorities() -> str:
    """The file of this machine's certificate authorities.

    libpq's own word for it, `system`, is a folder that exists nowhere in the wheel of psycopg.
    """
    known = (ssl.get_default_verify_paths().cafile, *AUTHORITIES)
    return next((each for each in known if each and Path(each).exists()), "system")


def _hosts(url: str) -> list[str]:
    """PostgreSQL takes several, also as parameters; without any it is a Unix socket here."""
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "service" in asked:  # a file on this machine says where
        return [f"service {asked['service']}"]
    named = asked.get("hostaddr") or asked.get("host") if parts.scheme.startswith("postgres") else None
    written = named or unquote(parts.netloc.rpartition("@")[2])
    return [_without_port(each) for each in written.split(",")]


def _without_port(address: str) -> str:
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address if address.count(":") > 1 or address.startswith("/") else address.partition(":")[0]


def _is_here(host: str) -> bool:
    if host in ("", "localhost") or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
