"""TLS in front of servers that were built without it, with a certificate authority of the tests' own."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"  # what libpq sends before the handshake


@dataclass(frozen=True)
class Certificates:
    """`authority` signed `certificate`, which names localhost only."""

    authority: Path
    certificate: Path
    key: Path


def openssl_is_there() -> bool:
    return shutil.which("openssl") is not None


def made_certificates(folder: Path) -> Certificates:
    made = Certificates(folder / "authority.pem", folder / "certificate.pem", folder / "key.pem")
    new_key: list[str | Path] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    authority_key = folder / "authority-key.pem"
    _openssl("req", "-x509", *new_key, "-subj", "/CN=tests", "-keyout", authority_key, "-out", made.authority)
    signed_by: list[str | Path] = ["-CA", made.authority, "-CAkey", authority_key]
    named: list[str | Path] = [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-addext",
        "basicConstraints=CA:FALSE",
    ]
    _openssl("req", "-x509", *new_key, *signed_by, *named, "-keyout", made.key, "-out", made.certificate)
    return made


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


@contextlib.contextmanager
def tls_in_front(certificates: Certificates, target: Path, *, postgres: bool = False) -> Iterator[int]:
    """The port of 127.0.0.1 where what listens on the Unix socket `target` is reached by TLS only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    context.set_alpn_protocols(["postgresql"] if postgres else [])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, context, target, postgres), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, context: ssl.SSLContext, target: Path, postgres: bool) -> None:
    with contextlib.suppress(OSError):  # the listener was closed
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_talk, args=(client, context, target, postgres), daemon=True).start()


def _talk(client: socket.socket, context: ssl.SSLContext, target: Path, postgres: bool) -> None:
    with contextlib.suppress(OSError), client:
        if postgres:
            if client.recv(len(SSL_REQUEST), socket.MSG_WAITALL) != SSL_REQUEST:
                return  # a plain connection
            client.sendall(b"S")
        with context.wrap_socket(client, server_side=True) as secure, socket.socket(socket.AF_UNIX) as server:
            server.connect(str(target))
            back = threading.Thread(target=_pass_on, args=(server, secure), daemon=True)
            back.start()
            _pass_on(secure, server)
            back.join()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
