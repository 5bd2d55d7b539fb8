"""The page in headless Chromium: a person chats with a program that echoes through the real channel."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from bot.channels.channel import WebhookRefused, WebhookRequest
from bot.channels.simulator import Pace, SmallTwilio, blueprint
from bot.channels.twilio import TwilioChannel
from bot.settings import Settings
from bot.web.pages import pages
from bot.web.response_headers import register_response_headers
from memory.conversations.channel_messages import Button, Inbound, OutboxRow
from tests.channels.channel_contract import at_any_time
from tests.waiting import HANG_SECONDS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
STAFF = {"STAFF": "+919876500001=admin,+919876500002=staff"}
PHONE = "+34600123456"

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: install chromium")


@dataclass
class Shop:
    """A program that answers each message at once, in words of its own."""

    twilio: SmallTwilio
    whatsapp: TwilioChannel
    url: str
    heard: list[Inbound]

    def hear(self) -> Response:
        form = list(request.form.items(multi=True))
        try:
            self.whatsapp.check_request(WebhookRequest(request.path, "", form, dict(request.headers)))
        except WebhookRefused:
            return Response(status=403)
        inbound = self.whatsapp.read_form(form)
        assert isinstance(inbound, Inbound)
        self.heard.append(inbound)
        threading.Thread(target=self._answer, args=[inbound], daemon=True).start()
        return Response("<Response/>", mimetype="text/xml")

    def _answer(self, inbound: Inbound) -> None:
        self.whatsapp.show_typing(inbound.provider_id)
        buttons = (Button("Yes, order", "yes"), Button("No", "no")) if "order" in inbound.body else ()
        body = f"*{inbound.kind}*: {inbound.body or inbound.location or inbound.media[0].content_type}"
        row = OutboxRow(len(self.heard), inbound.sender.raw, inbound.to, body, buttons)
        self.whatsapp.send(row, at_any_time)


@pytest.fixture
def shop() -> Iterator[Shop]:
    app = Flask("shop")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    settings = Settings.from_environment({"PORT": str(server.server_port), **STAFF})
    now = lambda: datetime.now(UTC)  # noqa: E731
    twilio = SmallTwilio(url, f"{url}/simulator/twilio", now, pace=Pace(0.01, 0.01, 0.01))
    shop = Shop(twilio, TwilioChannel(settings, now, twilio.account), url, [])
    app.add_url_rule("/webhook/whatsapp", "hear", shop.hear, methods=["POST"])
    app.add_url_rule("/webhook/whatsapp/status", "status", lambda: ("", 204), methods=["POST"])
    app.register_blueprint(blueprint(twilio))
    app.register_blueprint(pages(settings))
    register_response_headers(app)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield shop
    twilio.stop()
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def a_page(browser: Browser, shop: Shop, **more: Any) -> Page:
    """The page, in a browser that fails the test for a script error or a request to anywhere else."""
    page = browser.new_context(**more).new_page()
    page.set_default_timeout(HANG_SECONDS * 1000)
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    page.on("request", lambda sent: None if sent.url.startswith((shop.url, "blob:")) else pytest.fail(sent.url))
    page.goto(f"{shop.url}/simulator")
    return page


def meet(page: Page, who: str = PHONE, name: str = "Maria Lopez") -> None:
    page.get_by_role("button", name="Someone new").click()
    page.get_by_label("Phone number, or WhatsApp user id").fill(who)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Name").press("Enter")
    expect(page.locator("#name")).to_have_text(name)


def say(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_label("Message", exact=True).press("Enter")


@needs_browser
@pytest.mark.browser
def test_a_chat_with_marks_buttons_and_ticks(shop: Shop, browser: Browser) -> None:
    page = a_page(browser, shop)
    meet(page)
    say(page, "I want to order <b>one</b>")
    answer = page.locator(".bubble:not(.mine)").first
    expect(answer.locator("strong")).to_have_text("text")
    expect(answer).to_contain_text("I want to order <b>one</b>")
    expect(answer.locator(".ticks.read")).to_be_visible()
    expect(page.locator(".bubble.mine .ticks.read")).to_be_visible()
    page.get_by_role("button", name="Yes, order").click()
    expect(page.locator(".bubble").nth(3)).to_contain_text("button: Yes, order")
    assert (shop.heard[-1].payload, shop.heard[-1].sender.phone) == ("yes", PHONE)
    offered = page.get_by_role("group", name="Quick replies").get_by_role("button", name="Yes, order")
    expect(offered.first).to_be_disabled()
    expect(offered.last).to_be_enabled()


@needs_browser
@pytest.mark.browser
@pytest.mark.exhaustive
def test_places_pictures_sounds_and_ads_arrive(shop: Shop, browser: Browser, tmp_path: Path) -> None:
    page = a_page(browser, shop)
    meet(page)
    page.get_by_role("button", name="Through an ad").click()
    page.get_by_role("button", name="Click the ad").click()
    say(page, "hi")
    expect(page.locator(".from-ad")).to_contain_text("Gaming laptops")
    page.get_by_role("button", name="Attach").press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Attach")).to_be_focused()
    page.get_by_role("button", name="Attach").click()
    page.get_by_role("button", name="Location").click()
    page.get_by_role("button", name="Send", exact=True).last.click()
    expect(page.locator(".place")).to_contain_text("19.0760")
    picture = tmp_path / "look.png"
    picture.write_bytes(PICTURE)
    page.locator("#picture-file").set_input_files(picture)
    expect(page.locator(".bubble.mine img")).to_be_visible()
    page.get_by_role("button", name="Attach").click()
    page.get_by_role("button", name="Sample voice note").click()
    expect(page.locator(".bubble.mine audio")).to_be_visible()
    expect(page.locator(".bubble:not(.mine)")).to_have_count(4)
    assert [one.kind for one in shop.heard] == ["text", "location", "image", "audio"]
    assert shop.heard[0].referral is not None
    assert shop.whatsapp.fetch_media(shop.heard[2].media[0]) == PICTURE


@needs_browser
@pytest.mark.browser
@pytest.mark.exhaustive
def test_a_first_visitor_finds_a_customer_to_be(shop: Shop, browser: Browser) -> None:
    page = a_page(browser, shop)
    expect(page.locator(".empty")).to_contain_text("Choose a chat")
    page.locator("#list button").first.click()
    expect(page.locator("#name")).to_have_text("John")
    say(page, "hi")
    expect(page.locator(".bubble")).to_have_count(2)
    page.reload()
    expect(page.locator("#list button")).to_have_count(3)


@needs_browser
@pytest.mark.browser
@pytest.mark.exhaustive
def test_the_latest_message_stays_in_sight_when_the_window_shrinks(shop: Shop, browser: Browser) -> None:
    page = a_page(browser, shop, viewport={"width": 900, "height": 700})
    meet(page)
    say(page, "a long story " * 60)
    expect(page.locator(".bubble")).to_have_count(2)
    page.set_viewport_size({"width": 360, "height": 500})
    expect(page.locator(".bubble").last.locator(".meta")).to_be_in_viewport()


@needs_browser
@pytest.mark.browser
@pytest.mark.exhaustive
def test_a_failure_is_shown_with_its_reason_and_is_over_afterwards(shop: Shop, browser: Browser) -> None:
    page = a_page(browser, shop)
    meet(page)
    page.get_by_role("button", name="Failures").click()
    page.get_by_label("What goes wrong").select_option("fail")
    page.get_by_role("button", name="Make it fail").click()
    expect(page.locator("#fault-list")).to_contain_text("63016")
    page.get_by_role("button", name="Close failures").click()
    say(page, "hello")
    expect(page.locator(".reason")).to_contain_text("Not delivered (63016)")
    say(page, "again")
    expect(page.locator(".bubble:not(.mine) .ticks.read")).to_have_count(1)


@needs_browser
@pytest.mark.browser
@pytest.mark.exhaustive
def test_one_switches_between_customers_and_staff_by_keyboard(shop: Shop, browser: Browser) -> None:
    page = a_page(browser, shop)
    meet(page)
    say(page, "from Maria")
    expect(page.locator(".bubble")).to_have_count(2)
    admin = page.locator("#list button", has_text="Admin")
    admin.focus()
    admin.press("Enter")
    expect(page.locator("#name")).to_have_text("Admin")
    expect(page.locator(".empty")).to_be_visible()
    page.keyboard.type("from the boss")
    page.keyboard.press("Enter")
    expect(page.locator(".bubble")).to_have_count(2)
    shop.twilio.customer(PHONE, "Maria Lopez").says("from her other device")
    expect(page.locator("#list .unread")).to_have_text("1")
    assert shop.heard[1].sender.phone == "+919876500001"


@needs_browser
@pytest.mark.browser
@pytest.mark.exhaustive
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(shop: Shop, browser: Browser, scheme: Any) -> None:
    page = a_page(browser, shop, viewport={"width": 360, "height": 640}, color_scheme=scheme)
    meet(page, "IN.AbC123", "Hidden")
    say(page, "a word " * 40 + "https://shop.example.com/" + "x" * 120)
    expect(page.locator(".bubble")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="All chats").click()
    expect(page.locator("#list")).to_be_visible()


def test_everything_is_404_with_a_real_account() -> None:
    real = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "t", "TWILIO_WHATSAPP_FROM": "+14155238886"}
    settings = Settings.from_environment({**real, "PUBLIC_URL": "https://shop.example.com"})
    app = Flask("real")
    app.register_blueprint(blueprint(None))
    app.register_blueprint(pages(settings))
    register_response_headers(app)
    client = app.test_client()
    for path in ("/", "/simulator", "/simulator/state", "/simulator/events", "/simulator/twilio/v1/Content"):
        assert client.get(path).status_code == 404
    assert client.post("/simulator/faults", json={}).status_code == 404


def test_another_site_cannot_post_through_the_visitors_browser(shop: Shop) -> None:
    app = Flask("again")
    app.register_blueprint(blueprint(shop.twilio))
    client = app.test_client()
    assert client.post("/simulator/chats/+34600123456/files", data={"caption": "x"}).status_code == 403
    assert client.delete("/simulator/faults").status_code == 403
    assert client.delete("/simulator/faults", headers={"X-Simulator": "page"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("chats/+34600123456/messages", {}),
        ("chats/+34600123456/messages", []),
        ("chats/+34600123456/messages", {"location": {}}),
        ("chats/nobody/messages", {"text": "hi"}),
        ("faults", {}),
        ("faults", {"kind": "no such"}),
        ("faults", {"kind": "fail"}),
        ("faults", {"kind": "hang", "times": "many"}),
    ],
)
def test_a_wrong_request_is_answered_400(shop: Shop, path: str, body: Any) -> None:
    app = Flask("again")
    app.register_blueprint(blueprint(shop.twilio))
    answer = app.test_client().post(f"/simulator/{path}", json=body, headers={"X-Simulator": "page"})
    assert answer.status_code == 400


def test_a_page_of_an_earlier_run_is_told_to_read_everything_again(shop: Shop) -> None:
    app = Flask("again")
    app.register_blueprint(blueprint(shop.twilio))
    client = app.test_client()
    run = client.get("/simulator/state").get_json()["run"]
    assert "anew" not in client.get(f"/simulator/events?run={run}&after=0").get_json()
    assert client.get("/simulator/events?run=earlier&after=0").get_json()["anew"]


def test_the_page_loads_nothing_inline_and_nothing_from_elsewhere(shop: Shop) -> None:
    app = Flask("again")
    app.register_blueprint(pages(Settings.from_environment({})))
    register_response_headers(app)
    answer = app.test_client().get("/simulator")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    page = answer.get_data(as_text=True)
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page
    assert "http" not in page


PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)


def test_the_bare_address_leads_to_the_simulator() -> None:
    app = Flask("tried")
    app.register_blueprint(pages(Settings.from_environment({})))
    register_response_headers(app)
    answer = app.test_client().get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/simulator")
