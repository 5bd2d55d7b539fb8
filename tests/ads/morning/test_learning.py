from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.ads.morning.comparisons import AdResult, dispersion, earnings, findings, rates
from bot.ads.morning.cycle import Morning
from bot.ads.morning.learning import Learn, Listen
from bot.ads.practice import PracticeAccount
from bot.ads.step_results import LearnResult
from memory.ads.ad_account import Comment
from memory.ads.attribution import AdSale, Attribution, ChatDay
from memory.ads.campaigns import Campaigns
from memory.ads.chat_texts import AdChats
from memory.ads.figures import AdFigures
from memory.ads.learnings.campaign_records import CampaignRecords
from memory.ads.learnings.strategy import FAILURE, SUCCESS, Rate, Strategy
from memory.ads.morning_runs import Cycles
from memory.people.address import Referral
from memory.people.contacts import Contacts
from tests.ads.shop import AdShop
from tests.memory.ads.ad_account import BRAND, TODAY, reading, rupees, structure
from tests.memory.stores import Stores

SECURE = tuple((f"s{n}", f"Summer · security · video {n}") for n in range(3))
GIFT = tuple((f"g{n}", f"Summer · gift · image {n}") for n in range(3))


@dataclass
class TwoAngles:
    """Two angles with three ads each."""

    stores: Stores
    sharing: set[str] = field(default_factory=set)  # brands

    def __post_init__(self) -> None:
        db, clock = self.stores.db, self.stores.clock
        self.campaigns = Campaigns(db, clock)
        self.attribution = Attribution(db, clock)
        self.records = CampaignRecords(db, clock)
        self.strategy = Strategy(db, clock)
        self.cycles = Cycles(db, clock)
        figures = AdFigures(db, self.campaigns, clock)
        self.campaigns.store_structure(structure(*SECURE, *GIFT))
        self.numbers = iter(range(10**6))
        self.learn = Learn(
            self.campaigns, figures, self.records, self.strategy, AdChats(db), self.cycles, self.sharing, clock
        )

    def week(self, ad: str, *, chats: int, orders: int, spend: int = 100, until: date | None = None) -> None:
        """Seven equal days up to yesterday, with this total of chats and orders."""
        last = until or self.today() - timedelta(days=1)
        days = [last - timedelta(days=back) for back in range(7)]
        told = [reading(ad, day, spend=spend, impressions=3000, clicks=90, chats=chats // 7) for day in days]
        self.campaigns.store_readings(BRAND, [replace(each, seen_at=self.stores.clock()) for each in told])
        self.attribution.store_chats(BRAND, [ChatDay(ad, day, chats // 7) for day in days])
        self.attribution.store_sales(BRAND, [self._sale(ad, days[n % 7]) for n in range(orders)])

    def _sale(self, ad: str, day: date) -> AdSale:
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        return AdSale(f"N{next(self.numbers)}", ad, day, at, rupees(100), rupees(40), "paid", day=day)

    def today(self) -> date:
        return self.stores.clock().date()

    def morning(self) -> LearnResult:
        with self.stores.db.transaction():
            return self.learn.learn(Morning(BRAND, self.today(), self.stores.clock(), None))

    def insights(self) -> list[str]:
        return [str(entry.record["insight"]) for entry in self.strategy.entries(BRAND, "learnings")]

    def patterns(self, kind: str) -> set[str | None]:
        return {entry.subject for entry in self.strategy.entries(BRAND, kind)}


@pytest.fixture
def desk(tmp_path: Path) -> TwoAngles:
    return TwoAngles(Stores(tmp_path / "hawker.db"))


def good_and_bad(desk: TwoAngles, security: int = 60, gift: int = 10) -> None:
    for ad, _ in SECURE:
        desk.week(ad, chats=350, orders=security)
    for ad, _ in GIFT:
        desk.week(ad, chats=350, orders=gift)


def test_what_sells_better_is_learned_once_with_its_numbers(desk: TwoAngles) -> None:
    good_and_bad(desk)
    told = desk.morning()
    assert "Ads on security turn more chats into orders than ads on anything else: 17.1% against 2.9%" in told.learned
    entry = next(each for each in desk.strategy.entries(BRAND, "learnings") if "security" in str(each.record["claim"]))
    assert entry.record["evidence"] == "180 of 1050 against 30 of 1050"
    assert entry.record["confidence"] > 0.99
    known = len(desk.strategy.entries(BRAND, "learnings", open_only=False))
    assert desk.morning().learned == ()
    assert len(desk.strategy.entries(BRAND, "learnings", open_only=False)) == known


def test_a_small_difference_or_small_numbers_teach_nothing(desk: TwoAngles) -> None:
    good_and_bad(desk, security=30, gift=26)
    assert desk.morning().learned == ()
    few = TwoAngles(Stores(Path(desk.stores.url).with_name("few.db")))
    few.week("s0", chats=28, orders=9)
    few.week("g0", chats=28, orders=0)
    assert few.morning().learned == ()
    assert few.insights() == []


def test_what_was_believed_is_withdrawn_when_the_numbers_turn(desk: TwoAngles) -> None:
    good_and_bad(desk)
    desk.morning()
    desk.stores.clock.pass_by(days=40)
    good_and_bad(desk, security=10, gift=60)
    told = desk.morning()
    assert any(said.startswith("No longer so: Ads on security turn more") for said in told.revised)
    assert not any("Ads on security turn more" in insight for insight in desk.insights())
    assert any("Ads on gift turn more" in insight for insight in desk.insights())


def test_what_earned_and_what_lost_become_patterns_and_turn(desk: TwoAngles) -> None:
    good_and_bad(desk)
    desk.morning()
    assert "angle:security" in desk.patterns(SUCCESS)
    assert "angle:gift" in desk.patterns(FAILURE)
    desk.stores.clock.pass_by(days=40)
    good_and_bad(desk, security=10, gift=60)
    desk.morning()
    assert "angle:gift" in desk.patterns(SUCCESS)
    assert "angle:security" in desk.patterns(FAILURE)


def test_where_everything_earns_alike_no_angle_is_praised(desk: TwoAngles) -> None:
    good_and_bad(desk, security=60, gift=60)
    desk.morning()
    assert desk.patterns(SUCCESS) == desk.patterns(FAILURE) == set()


def test_patterns_are_shared_only_where_the_brand_says_so(desk: TwoAngles) -> None:
    good_and_bad(desk)
    desk.morning()
    assert desk.strategy.patterns_of_others("another") == []
    desk.sharing.add(BRAND)
    desk.morning()
    assert {each["subject"] for each in desk.strategy.patterns_of_others("another")} >= {"angle:security", "angle:gift"}
    desk.sharing.clear()
    desk.morning()
    assert desk.strategy.patterns_of_others("another") == []


def test_every_campaign_is_judged_in_the_shape_of_the_file(desk: TwoAngles) -> None:
    good_and_bad(desk)
    desk.morning()
    kept = {entry.campaign_id: entry.record for entry in desk.records.snapshots(BRAND)}
    assert set(kept) == {f"c-{ad}" for ad, _ in (*SECURE, *GIFT)}
    assert kept["c-s0"]["analysis"]["status"] == "excellent"
    assert kept["c-g0"]["analysis"]["status"] == "poor"
    assert kept["c-s0"]["performance"]["ctr"] == "3.0"
    assert kept["c-s0"]["performance"]["profit"] == "1700.00"


def test_what_a_change_brought_is_told_after_a_week(desk: TwoAngles) -> None:
    desk.week("s0", chats=70, orders=7)
    change = desk.records.optimization(BRAND, "c-s0", "budget", "it earns", "20 INR a day", line="s-s0")
    for days, told in ((7, 0), (2, 1), (1, 0)):
        desk.stores.clock.pass_by(days=days)
        if days == 7:
            desk.week("s0", chats=140, orders=21, until=desk.today())
        assert desk.morning().came_out == told
    (entry,) = [each for each in desk.records.optimizations(BRAND) if each.id == change]
    assert entry.record["actual_impact"] == (
        "profit after ads 20.00 INR a day in the week after, -60.00 in the week before: +80.00"
    )


def test_what_customers_ask_about_is_learned_and_forgotten(desk: TwoAngles) -> None:
    for person in range(30):
        _write(desk, person, "cash on delivery?" if person < 9 else "hello")
    assert desk.morning().asked == ("9 of 30 chats asked about cash on delivery",)
    desk.morning()
    (entry,) = desk.strategy.entries(BRAND, "learnings", open_only=False)
    assert entry.subject == "objection:cash on delivery"
    assert entry.record["supporting_data"] == {"asked": 9, "chats": 30, "share": 0.3}
    desk.stores.clock.pass_by(days=31)
    for person in range(30):
        _write(desk, person, "is there a warranty?")
    assert desk.morning().asked == ("30 of 30 chats asked about warranty",)
    assert desk.insights() == ["30 of 30 chats asked about warranty"]


def _write(desk: TwoAngles, person: int, text: str) -> None:
    phone = f"+9198765{person:05d}"
    message = desk.stores.hear(text, phone=phone)
    contacts: Contacts = desk.stores.contacts
    contact = contacts.find(BRAND, phone)
    contacts.touch(contact.id, BRAND, message, Referral("s0", "ad", "c", None, None, None, {}))


def test_complaints_under_an_ad_stand_in_its_campaigns_judgement(desk: TwoAngles) -> None:
    good_and_bad(desk)
    run = desk.cycles.claim(BRAND, "act_1", desk.today(), "listen")
    assert run is not None
    desk.cycles.finish_step(run, {"said": {"s0": [1, 6, 2]}}, "done")
    assert desk.morning().sentiment == {"k-s0": (1, 6, 2)}
    (kept,) = desk.records.snapshots(BRAND, "c-s0")
    assert any("people complain" in trend and "6 comments" in trend for trend in kept.record["analysis"]["trends"])


def test_comments_are_counted_by_ad_and_never_kept(tmp_path: Path) -> None:
    shop = AdShop(tmp_path, places=(0,), ads=8)
    shop.agency.first_read()
    account: PracticeAccount = shop.accounts[0]
    told = Listen(shop.agency.memory.campaigns).listen(Morning("voyage", TODAY, shop.clock(), account))
    ads = [ad.id for ad in account.structure().ads]
    comments: Sequence[Comment] = account.comments(ads, shop.clock() - timedelta(days=7))
    assert comments
    assert sum(sum(counts) for counts in told.said.values()) == len(comments)
    assert not any(comment.text in str(told) for comment in comments)


# -- the comparing itself


def result(number: int, angle: str, chats: int, orders: int, *, spend: float = 100.0, margin: float = 0.0) -> AdResult:
    return AdResult(f"ad{number}", (f"angle:{angle}",), 10_000, 200, chats, orders, spend, margin)


def test_one_lucky_ad_is_not_its_angles_merit() -> None:
    """All of an angle's six orders come through one of its six ads."""
    lucky = [result(0, "gift", 300, 90), *(result(n, "gift", 300, 6) for n in range(1, 6))]
    others = [result(n, "style", 300, 12) for n in range(6, 12)]
    assert dispersion([*lucky, *others], "chat_to_order", "angle") > 10
    alike = [*(result(n, "gift", 300, 20) for n in range(6)), *others]
    assert dispersion(alike, "chat_to_order", "angle") == 1.0
    assert findings([*lucky, *others], rates([*lucky, *others], {})) == []
    assert len(findings(alike, rates(alike, {}))) == 2


def test_people_are_compared_like_ads() -> None:
    told = {("chat_to_order", "language:hi"): Rate(60, 300), ("chat_to_order", "language:en"): Rate(20, 300)}
    first = findings([], rates([], told))[0]
    assert first.sentence == "People who write hi turn more chats into orders than all others: 20.0% against 6.7%"


def test_earnings_are_judged_only_with_enough_orders_and_ads() -> None:
    def outcomes(gift: AdResult, style: AdResult, ads: int) -> list[str]:
        results = [replace(each, ad_id=f"{each.ad_id} {n}") for each in (gift, style) for n in range(ads)]
        return [each.outcome for each in earnings(results, ["angle"])]

    few = result(0, "gift", 40, 4, margin=300), result(1, "style", 40, 0)
    many = result(0, "gift", 200, 40, margin=500), result(1, "style", 200, 0)
    assert outcomes(*few, ads=2) == ["unclear", "unclear"]
    assert outcomes(*many, ads=1) == ["unclear", "unclear"]
    assert outcomes(*many, ads=2) == ["worked", "failed"]
