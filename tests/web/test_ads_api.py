"""The ads over HTTP: the figures that staff hear in chat, closed without a token, one brand for one brand's token."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from bot.ads.reports.charts import OPEN_FOR
from bot.web.access import issue_token
from bot.web.api.ads import QUESTIONS, AdParts, ads, register_ads
from bot.web.api.conversations import register
from tests.ads.shop import AdShop
from tests.web.shop import KEYS, OTHER_BRAND, Shop

ROUTES = ("/analytics/campaigns", "/analytics/campaigns/1", "/analytics/attribution", "/analytics/decisions",
          "/analytics/graph?question=angles")  # fmt: skip


@dataclass
class AdApi:
    """Two ad accounts of one brand, and a client that asks about them."""

    shop: AdShop
    app: Flask

    def ask(self, path: str, **limits: Any) -> TestResponse:
        token = issue_token(KEYS, self.shop.clock, limits.pop("role", "analyst"), **limits)
        return self.app.test_client().get(path, headers={"Authorization": f"Bearer {token}"})

    def get(self, path: str, **limits: Any) -> Any:
        answer = self.ask(path, **limits)
        assert answer.status_code == 200, answer.text
        return answer.get_json()


@pytest.fixture
def api(tmp_path: Path) -> AdApi:
    (tmp_path / "people").mkdir()
    shop = AdShop(tmp_path)
    shop.morning(hours=3)
    app = Flask("shop", static_folder=None)
    register(app, replace(Shop(tmp_path / "people").parts, clock=shop.clock), ads)
    memory = shop.agency.memory
    register_ads(app, AdParts(shop.agency.answers, memory.attribution, memory.records))
    return AdApi(shop, app)


@pytest.mark.parametrize("path", ROUTES)
def test_nothing_is_told_without_a_token(api: AdApi, path: str) -> None:
    assert api.app.test_client().get(path).status_code == 401


@pytest.mark.parametrize("path", ROUTES)
def test_a_brands_token_asks_about_its_own_brand_only(api: AdApi, path: str) -> None:
    joined = "&" if "?" in path else "?"
    assert api.ask(f"{path}{joined}brand=voyage", brand=OTHER_BRAND).status_code == 403
    assert api.ask(f"{path}{joined}brand=nobody").status_code == 404


def test_another_brand_sees_nothing_of_these_accounts(api: AdApi) -> None:
    [line, *_] = api.get("/analytics/campaigns")["campaigns"]
    assert api.get("/analytics/campaigns", brand=OTHER_BRAND) == {"total": [], "campaigns": [], "next_after": None}
    assert api.ask(f"/analytics/campaigns/{line['id']}", brand=OTHER_BRAND).status_code == 404
    assert api.get("/analytics/attribution", brand=OTHER_BRAND)["sales"] == []
    assert api.get("/analytics/decisions", brand=OTHER_BRAND)["decisions"] == []


def test_the_figures_are_those_of_the_chat(api: AdApi) -> None:
    told = api.get("/analytics/campaigns")
    figures = api.shop.agency.memory.figures.of("voyage", "campaign", 30)
    assert [line["id"] for line in told["campaigns"]] == [line.key for line in figures]
    for line, known in zip(told["campaigns"], figures, strict=True):
        assert Decimal(line["spend"]) == known.spend.amount
        assert Decimal(line["profit"]) == known.profit.amount
        assert (line["chats"], line["leads"], line["orders"]) == (known.chats, known.leads, known.orders)
        assert line["roas"] == pytest.approx(float(known.roas or 0), abs=1e-6)
        assert line["account_name"].startswith("Voyage")
    assert {total["currency"] for total in told["total"]} == {"INR", "EUR"}


def test_campaigns_are_of_the_account_and_days_that_are_asked_for(api: AdApi) -> None:
    yesterday = api.shop.clock().date() - timedelta(days=1)
    one = api.get(f"/analytics/campaigns?account=act_9008&since={yesterday}&until={yesterday}")
    assert {line["account_id"] for line in one["campaigns"]} == {"act_9008"}
    assert {(line["since"], line["until"]) for line in one["campaigns"]} == {(str(yesterday), str(yesterday))}
    same = api.get(f"/analytics/campaigns?account=act_9008&since={yesterday}")
    assert same == one


def test_pages_lead_through_every_campaign_once(api: AdApi) -> None:
    whole = [line["id"] for line in api.get("/analytics/campaigns")["campaigns"]]
    seen, after = [], 0
    while after is not None:
        page = api.get(f"/analytics/campaigns?limit=1&after={after}")
        seen += [line["id"] for line in page["campaigns"]]
        after = page["next_after"]
    assert seen == whole
    assert len(whole) > 1


def test_one_campaign_with_periods_days_ads_and_decisions(api: AdApi) -> None:
    campaign_id = api.get("/analytics/campaigns?account=act_9008")["campaigns"][0]["id"]
    told = api.get(f"/analytics/campaigns/{campaign_id}")
    [month] = told["periods"]["30"]
    assert Decimal(month["spend"]) == sum(Decimal(day["spend"]) for day in told["days"])
    assert Decimal(month["spend"]) == sum(Decimal(ad["spend"]) for ad in told["ads"])
    assert len(told["days"]) == 30
    assert told["decisions"]
    assert {each["account_id"] for each in told["decisions"]} == {"act_9008"}
    assert api.ask("/analytics/campaigns/99").status_code == 404


def test_decisions_are_paged_newest_first_by_account_and_date(api: AdApi) -> None:
    whole = api.get("/analytics/decisions?limit=200")["decisions"]
    ids = [each["id"] for each in whole]
    assert ids == sorted(ids, reverse=True)
    seen: list[int] = []
    before: str | None = ""
    while before is not None:
        page = api.get(f"/analytics/decisions?limit=3{before}")
        seen += [each["id"] for each in page["decisions"]]
        before = f"&before={page['next_before']}" if page["next_before"] else None
    assert seen == ids
    spain = api.get("/analytics/decisions?account=act_9008")["decisions"]
    assert [each["id"] for each in spain] == [each["id"] for each in whole if each["account_id"] == "act_9008"]
    today = api.shop.clock().date()
    assert api.get(f"/analytics/decisions?since={today}&limit=200")["decisions"] == whole
    assert api.get(f"/analytics/decisions?until={today - timedelta(days=1)}")["decisions"] == []
    assert all(each["why"] and each["role"] == "agent" for each in whole)


def test_orders_are_told_with_their_ads_and_without_persons(api: AdApi) -> None:
    page = api.get("/analytics/attribution?limit=5")
    assert len(page["sales"]) == 5
    sale = page["sales"][0]
    assert not {"contact_id", "buyer", "phone"} & set(sale)
    assert sale["value"]["currency"] in ("INR", "EUR")
    older = api.get(f"/analytics/attribution?limit=5&before={page['next_before']}")["sales"]
    assert max(each["id"] for each in older) < min(each["id"] for each in page["sales"])
    of_ad = api.get(f"/analytics/attribution?ad={sale['last_ad_id']}")["sales"]
    assert all(sale["last_ad_id"] in (each["first_ad_id"], each["last_ad_id"]) for each in of_ad)
    spain = api.get("/analytics/attribution?account=act_9008")["sales"]
    assert {each["account_id"] for each in spain} == {"act_9008"}


@pytest.mark.parametrize("question", sorted(set(QUESTIONS) - {"reached", "learned_about"}))
def test_the_graph_answers_each_question(api: AdApi, question: str) -> None:
    told = api.get(f"/analytics/graph?question={question}")
    assert told["question"] == question
    assert told["answer"]
    assert all(each["name"] for each in told["answer"])


def test_the_graph_answers_about_a_word_and_from_a_place(api: AdApi) -> None:
    those, others, *_ = api.get("/analytics/graph?question=learned_about&word=video")["answer"]
    assert (those["what"], others["what"]) == ("those", "others")
    assert those["ads"] + others["ads"] == len(api.shop.agency.memory.figures.of("voyage", "ad", 36_500))
    assert api.ask("/analytics/graph?question=learned_about").status_code == 400
    angle = api.get("/analytics/graph?question=angles")["answer"][0]["name"]
    reached = api.get(f"/analytics/graph?question=reached&kind=angle&key={angle}&to=ad")["answer"]
    assert {node["kind"] for node in reached} == {"ad"}
    assert api.ask("/analytics/graph?question=reached").status_code == 400


@pytest.mark.parametrize(
    "path",
    ["/analytics/campaigns?since=yesterday", "/analytics/campaigns?since=2026-11-10&until=2026-11-01",
     "/analytics/campaigns?since=2020-01-01", "/analytics/campaigns?limit=0", "/analytics/campaigns?limit=9999",
     "/analytics/decisions?before=0", "/analytics/graph", "/analytics/graph?question=everything",
     "/analytics/graph?question=reached&kind=person&key=1", "/analytics/campaigns?since=2999-01-01",
     "/analytics/campaigns?until=0001-01-02", "/analytics/attribution?until=0001-01-02",
     "/analytics/decisions?until=9999-12-31"],
)  # fmt: skip
def test_nonsense_is_a_400_that_says_what_is_wrong(api: AdApi, path: str) -> None:
    answer = api.ask(path)
    assert answer.status_code == 400
    assert answer.get_json()["detail"]


def test_a_charts_address_opens_a_picture_until_it_runs_out(api: AdApi) -> None:
    address = api.shop.agency.answers.chart_of("voyage", "summer spain").url
    assert address is not None
    path = address.removeprefix("https://shop.example")
    client = api.app.test_client()
    answer = client.get(path)  # no token: Twilio has none
    assert answer.status_code == 200
    assert answer.content_type == "image/png"
    assert answer.data.startswith(b"\x89PNG")
    assert "private" in answer.headers["Cache-Control"]
    assert client.get(path.replace("/chart/", "/chart/9")).status_code == 404
    assert client.get("/chart/1.png").status_code == 404
    api.shop.clock.pass_by(hours=OPEN_FOR.total_seconds() / 3600)
    assert client.get(path).status_code == 410


def test_the_routes_are_described(api: AdApi) -> None:
    paths = api.app.test_client().get("/openapi.json").get_json()["paths"]
    described = {path for path in paths if path.startswith("/analytics/")}
    assert described >= {"/analytics/campaigns", "/analytics/campaigns/{campaign_id}", "/analytics/attribution",
                         "/analytics/decisions", "/analytics/graph"}  # fmt: skip
    assert all(paths[path]["get"]["security"] for path in described)
