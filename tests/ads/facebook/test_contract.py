"""The platform contract, on the Graph server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.ads.platform import PlatformAccount
from tests.ads.facebook.graph_server import GraphServer, WaitingClock
from tests.ads.platform_contract import AccountContract

FEED = {"publisher_platform": "facebook", "platform_position": "feed"}
CHAT = "onsite_conversion.messaging_conversation_started_7d"


@dataclass
class MetaStage:
    """Everything that runs is shown 1,000 times a day."""

    meta: GraphServer
    time: WaitingClock
    account: PlatformAccount
    zone: ZoneInfo
    image: str = "picture-1"
    click: str = "clid-1"

    def now(self) -> datetime:
        return self.time()

    def days_pass(self, days: int) -> None:
        for _ in range(days):
            day = self.time().astimezone(self.zone).date()
            for ad in self.meta.living("ads"):
                if self.meta.runs(ad["id"]):
                    self._shown(ad["id"], ad["account"], day)
            self.time.wait(timedelta(days=1).total_seconds())

    def _shown(self, ad: str, account: str, day: date) -> None:
        actions = [{"action_type": CHAT, "value": "7"}]
        told = {"spend": "120.00", "impressions": "1000", "inline_link_clicks": "30", "actions": actions}
        self.meta.delivered(ad, day, account=account, reach="900", **told)
        self.meta.delivered(ad, day, account=account, parts=FEED, **told)


CURRENCIES = {"INR": ("Asia/Kolkata", 4000), "TWD": ("Asia/Taipei", 30), "USD": ("America/New_York", 100)}


@pytest.fixture(params=CURRENCIES)
def stage(request: pytest.FixtureRequest) -> Iterator[MetaStage]:
    """Three currencies: offset 100, offset 1 where ISO says 2, and dollars."""
    zone, least = CURRENCIES[request.param]
    time = WaitingClock()
    with GraphServer(clock=time) as meta:
        meta.opens("act_111", currency=request.param, time_zone=zone, least=least)
        graph = meta.graph(sleep=time.wait)
        yield MetaStage(meta, time, meta.account("act_111", graph=graph), ZoneInfo(zone))
        assert meta.complaints == []


class TestFacebookKeepsTheContract(AccountContract):
    pass
