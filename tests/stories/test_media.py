"""Voice notes, pictures and places: heard and seen where the model server can, and honestly declined where not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.model_server import ModelServer, Reply, Request, says, transcript
from tests.world import Chat, World, open_shop

VOICE, PICTURE = b"OggS" + b"\0" * 2000, b"\xff\xd8\xff\xe0" + b"\0" * 500


def hears(customer: Chat, content: bytes, content_type: str, caption: str = "") -> str:
    sent = customer.phone.sends(content, content_type, caption)
    return customer.phone.wait_for_reply(sent)[0].body


def test_a_voice_note_is_answered_by_what_it_says(model_shop: World, model: ModelServer) -> None:
    def answer(request: Request) -> Reply:
        if request.path.endswith("transcriptions"):
            return transcript("how much is the kestrel raptor 15", seconds=3.0)
        return says("The Kestrel Raptor 15 is €1,199." if "raptor 15" in request.last else "Pardon?")

    model.rule = answer
    assert hears(model_shop.person(), VOICE, "audio/ogg") == "The Kestrel Raptor 15 is €1,199."
    spoken = model_shop.memory.messages.history(model_shop.contact().id)[0]
    assert (spoken.kind, spoken.message_type) == ("audio", "pricing_discount")


def test_a_spoken_order_is_quoted_and_not_placed(model_shop: World, model: ModelServer) -> None:
    """What a machine heard is no signature: the yes may come by voice, but the quote has been read before."""

    def answer(request: Request) -> Reply:
        return transcript("yes order the raptor 15") if request.path.endswith("transcriptions") else says("Gladly.")

    model.rule = answer
    hears(model_shop.person(), VOICE, "audio/ogg")
    assert model_shop.orders() == []


def test_a_picture_is_answered_by_what_it_shows(model_shop: World, model: ModelServer) -> None:
    def answer(request: Request) -> Reply:
        if "image_url" in str(request.body):
            return says("A photo of round tortoiseshell sunglasses.")
        return says("That looks like our Solenne Luna Round." if "tortoiseshell" in request.last else "Pardon?")

    model.rule = answer
    said = hears(model_shop.person(), PICTURE, "image/jpeg", "do you have these?")
    assert said == "That looks like our Solenne Luna Round."


@pytest.mark.parametrize(
    ("content", "content_type", "said"),
    [
        (VOICE, "audio/ogg", "can't listen to voice notes"),
        (PICTURE, "image/jpeg", "can't see pictures"),
        (b"%PDF-1.7", "application/pdf", "can't open files"),
    ],
)
def test_without_a_model_the_desk_says_what_it_cannot_do(
    shop: World, content: bytes, content_type: str, said: str
) -> None:
    assert said in hears(shop.person(), content, content_type)


def test_a_server_that_neither_hears_nor_sees_is_no_fault_of_the_customers(tmp_path: Path) -> None:
    with ModelServer(hears=False, sees=False) as model, open_shop(tmp_path, model=model) as shop:
        model.rule = lambda request: says("The Kestrel Raptor 15 is €1,199.")
        customer = shop.person()
        assert "can't listen" in hears(customer, VOICE, "audio/ogg")
        assert "can't see" in hears(customer, PICTURE, "image/jpeg")
        assert customer.says("raptor 15?") == "The Kestrel Raptor 15 is €1,199."


def test_a_caption_is_answered_though_the_picture_cannot_be_seen(shop: World) -> None:
    assert "1,199" in hears(shop.person(), PICTURE, "image/jpeg", "how much is the kestrel raptor 15?")


def test_a_place_is_answered_with_the_delivery_terms(shop: World) -> None:
    customer = shop.person()
    sent = customer.phone.sends_location("40.4168", "-3.7038", "Home")
    assert "2-4 days" in customer.phone.wait_for_reply(sent)[0].body


@pytest.fixture
def stranger() -> Iterator[tuple[str, list[str]]]:
    """A host that is not Twilio's, and what was asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Not to the terminal."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/secret.jpg", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_address_that_is_not_twilios_is_never_asked(shop: World, stranger: tuple[str, list[str]]) -> None:
    url, asked = stranger
    customer = shop.person()
    answer = customer.says("", NumMedia="1", MediaUrl0=url, MediaContentType0="image/jpeg", MessageType="image")
    shop.settled()
    assert "can't see" in answer
    assert asked == []
    assert shop.memory.db.all("SELECT * FROM media") == []
