"""The morning steps `listen` and `learn`: comments, campaign snapshots, learnings, patterns."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from bot.ads.morning.analysis import (
    AdDayCount,
    Benchmark,
    analyse,
    anomaly,
    benchmark,
    comment_sentiment,
    fatigue,
    sentiment,
    trends,
)
from bot.ads.morning.comparisons import AdResult, Comparison, Earning, earnings, findings, kind_of, rates
from bot.ads.morning.cycle import Morning
from bot.ads.morning.objections import OBJECTION_SUBJECT, Objections, objections
from bot.ads.platform import AdsFault
from bot.ads.step_results import LearnResult, ListenResult, MorningResults, Sentiment
from bot.language.money import Money
from memory.ads.campaigns import Campaigns, KnownAd
from memory.ads.chat_texts import AdChat, AdChats
from memory.ads.figures import AdFigures, Figures
from memory.ads.learnings.campaign_records import CampaignRecord, CampaignRecords
from memory.ads.learnings.strategy import FAILURE, SUCCESS, Rate, StrategicEntry, Strategy
from memory.ads.morning_runs import Cycles
from memory.storage.timestamps import Clock

log = logging.getLogger(__name__)

WINDOW: Final = 30  # days that are compared
HISTORY: Final = timedelta(days=60)  # so far back an ad's best week is looked for
COMMENT_AGE: Final = timedelta(days=7)  # comments younger than that
CHAT_WINDOW: Final = timedelta(days=30)
OUTCOME_AFTER: Final = timedelta(days=8)  # after a change: seven whole days, and the day of the change
TOO_OLD: Final = timedelta(days=30)
MOST_DAYS_JUDGED: Final = 3  # days of changes looked at in one morning
MIN_CHANGE: Final = 0.1  # a pattern's return on spend, before it is written anew
MIN_SHARE_CHANGE: Final = 0.03  # an objection's share of chats, likewise
MIN_OPINIONS: Final = 5  # praise and blame, before they are told
PATTERN_KINDS: Final = ("angle", "format")
SEGMENTS: Final = ("language", "country", "hour", "returning")
INSIGHTS: Final = {"angle": "creative_insight", "format": "creative_insight", "hour": "timing_insight"}


@dataclass(frozen=True, slots=True)
class Listen:
    """None is quoted."""

    campaigns: Campaigns

    def listen(self, morning: Morning) -> ListenResult:
        account = morning.ad_account
        known = self.campaigns.ads(morning.brand, account_id=account.describe().id)
        ads = [ad.ad_id for ad in known if not ad.gone and ad.status != "archived"]
        try:
            comments = account.comments(ads, morning.now - COMMENT_AGE)
        except AdsFault as fault:
            log.warning("the comments of an ad account were not read: %s", fault)
            return ListenResult({}, unheard=str(fault))
        return ListenResult(comment_sentiment([comment for comment in comments if not comment.hidden]))


@dataclass(frozen=True, slots=True)
class Learn:
    """Not idempotent (`once`)."""

    campaigns: Campaigns
    figures: AdFigures
    records: CampaignRecords
    strategy: Strategy
    ad_chats: AdChats
    cycles: Cycles
    sharing: Set[str]  # the brands that let others learn from their patterns
    desk_clock: Clock  # the chats' clock; practice accounts have another

    def learn(self, morning: Morning) -> LearnResult:
        brand = morning.brand
        self.strategy.share_patterns(brand, shared=brand in self.sharing)
        observed = self._observe(morning)
        results = observed.results(self.figures.of(brand, "ad", WINDOW))
        measured = rates(results, self._segments(brand, observed))
        revised = self.strategy.recheck(brand, measured)
        return LearnResult(
            tired=tuple(f"“{observed.ads[ad_id].name}” {said}" for ad_id, said in observed.tired.items()),
            odd=tuple(observed.odd_campaigns()),
            sentiment=observed.by_creative(),
            snapshots=self._snapshots(brand, observed),
            revised=tuple(
                _revised(entry) for entry in revised if entry.valid_to is None or "withdrawn" in entry.record
            ),
            learned=tuple(self._store_learning(brand, each) for each in self._new(brand, findings(results, measured))),
            patterns=tuple(self._patterns(brand, earnings(results, PATTERN_KINDS))),
            asked=tuple(self._learn_objections(brand, objections(observed.ad_chats))),
            came_out=self._record_outcomes(morning),
        )

    def _observe(self, morning: Morning) -> _Observed:
        brand = morning.brand
        yesterday = {account: day - timedelta(days=1) for account, day in self.campaigns.today(brand).items()}
        observed = _Observed(
            ads={ad.ad_id: ad for ad in self.campaigns.ads(brand)},
            yesterday=yesterday,
            campaigns=self.figures.of(brand, "campaign", WINDOW),
            ad_chats=self.ad_chats.through_ads(brand, self.desk_clock() - CHAT_WINDOW),
        )
        if yesterday:
            last = max(yesterday.values())
            days = self.campaigns.days(brand, last - HISTORY, last)
            observed.take_days(zip(days.ad_id, days.account_id, days.day, days.spend, days.impressions, days.clicks,
                               days.chats, strict=True))  # fmt: skip
        for run in self.cycles.of_brand(brand, morning.day):
            listened = MorningResults.of_notes(run.notes).listen
            observed.said |= listened.said if listened is not None else {}
        return observed

    # -- how each campaign did

    def _snapshots(self, brand: str, observed: _Observed) -> int:
        usual = {currency: benchmark(lines) for currency, lines in observed.by_currency().items()}
        level = {currency: _break_even(lines) for currency, lines in observed.by_currency().items()}
        spent = [line for line in observed.campaigns if line.spend.amount > 0 and line.key != "unknown"]
        for line in spent:
            judged = analyse(line, usual[line.currency], level[line.currency])
            analysis = {"status": judged.status, "trends": [*judged.trends, *observed.trends_of(line.key)]}
            self.records.snapshot(brand, line.key, _performance(line, usual[line.currency]), analysis)
        return len(spent)

    # -- what does better than what

    def _segments(self, brand: str, observed: _Observed) -> dict[tuple[str, str], Rate]:
        if not observed.yesterday:
            return {}
        until = max(observed.yesterday.values())
        found = {}
        for kind in SEGMENTS:
            for line in self.figures.segments(brand, kind, until - timedelta(days=WINDOW - 1), until):
                if line.chats and line.value != "unknown":
                    found["chat_to_order", f"{kind}:{line.value}"] = Rate(min(line.orders, line.chats), line.chats)
        return found

    def _new(self, brand: str, found: Sequence[Comparison]) -> Iterator[Comparison]:
        believed = [entry.record.get("claim") for entry in self.strategy.entries(brand, "learnings")]
        for each in found:
            claim = {"better": each.claim.better, "than": each.claim.than, "measure": each.claim.measure}
            if claim not in believed:
                yield each

    def _store_learning(self, brand: str, found: Comparison) -> str:
        self.strategy.learn(
            brand,
            INSIGHTS.get(kind_of(found.claim.better), "audience_insight"),
            found.sentence,
            {
                found.claim.measure: round(found.better.share, 4),
                "others": round(found.than.share, 4),
                "lift": round(found.better.share / found.than.share - 1, 3) if found.than.share else None,
                "days": WINDOW,
            },
            evidence=f"{found.better.successes} of {found.better.tries} against"
            f" {found.than.successes} of {found.than.tries}",
            confidence=round(found.confidence, 4),
            claim=found.claim,
        )
        return found.sentence

    def _patterns(self, brand: str, earned: Sequence[Earning]) -> list[str]:
        open_now = {entry.subject: entry for kind in (SUCCESS, FAILURE) for entry in self.strategy.entries(brand, kind)}
        said = []
        for each in earned:
            before = open_now.get(each.group)
            if each.outcome == "unclear":
                said += self._withdraw_if_reversed(brand, each, before)
                continue
            kind = SUCCESS if each.outcome == "worked" else FAILURE
            known = {} if before is None else before.record.get("supporting_data", {})
            if before is None or before.kind != kind or abs(float(known.get("roi", 0.0)) - each.roi) >= MIN_CHANGE:
                self.strategy.pattern(brand, kind, each.sentence, _data(each), subject=each.group)
                said.append(each.sentence)
        return said

    def _withdraw_if_reversed(self, brand: str, now: Earning, before: StrategicEntry | None) -> list[str]:
        # Withdrawn when its return changes sign, not when it is less certain.
        if before is None or (before.kind == SUCCESS) == (now.roi > 0):
            return []
        self.strategy.withdraw(brand, before.id, f"the numbers turned: {now.sentence}")
        return [f"No longer so: {before.record['pattern']}"]

    # -- what customers ask about

    def _learn_objections(self, brand: str, found: Objections) -> list[str]:
        subjects = {
            str(entry.subject): entry
            for entry in self.strategy.entries(brand, "learnings")
            if str(entry.subject).startswith(OBJECTION_SUBJECT)
        }
        frequent = found.frequent()
        for topic in frequent:
            before = subjects.pop(f"{OBJECTION_SUBJECT}{topic}", None)
            known = before.record["supporting_data"].get("share") if before else None
            if known is None or abs(known - found.share(topic)) >= MIN_SHARE_CHANGE:
                data = {"asked": found.by_topic[topic], "chats": found.chats, "share": round(found.share(topic), 3)}
                subject = f"{OBJECTION_SUBJECT}{topic}"
                self.strategy.learn(brand, "audience_insight", found.sentence(topic), data, subject=subject)
        if frequent:
            for entry in subjects.values():
                self.strategy.withdraw(brand, entry.id, f"hardly asked any more, in {found.chats} chats")
        return [found.sentence(topic) for topic in frequent]

    # -- what changes brought

    def _record_outcomes(self, morning: Morning) -> int:
        due = self.records.without_outcome(morning.brand, morning.now - TOO_OLD, morning.now - OUTCOME_AFTER)
        by_day: defaultdict[date, list[CampaignRecord]] = defaultdict(list)
        for change in due:
            by_day[change.at.date()].append(change)
        judged = 0
        for day in sorted(by_day)[:MOST_DAYS_JUDGED]:
            before, after = (self._profits(morning.brand, day + timedelta(days=offset)) for offset in (-1, 7))
            for change in by_day[day]:
                text = _outcome_text(change, before, after)
                self.records.record_outcome(morning.brand, change.id, text)
                judged += 1
        return judged

    def _profits(self, brand: str, until: date) -> dict[str, Money]:
        lines = [*self.figures.of(brand, "campaign", 7, until=until), *self.figures.of(brand, "ad_set", 7, until=until)]
        return {line.key: line.profit for line in lines}


@dataclass
class _Observed:
    ads: Mapping[str, KnownAd]
    yesterday: Mapping[str, date]
    campaigns: Sequence[Figures]
    ad_chats: Sequence[AdChat]
    days: dict[str, list[AdDayCount]] = field(default_factory=dict)
    said: dict[str, Sentiment] = field(default_factory=dict)

    def take_days(self, rows: Any) -> None:
        days: defaultdict[str, list[AdDayCount]] = defaultdict(list)
        for ad_id, account_id, day, spend, impressions, clicks, chats in rows:
            if (
                day <= self.yesterday[account_id]
            ):  # complete; spend in minor units, as an ad is compared with itself only
                days[ad_id].append(AdDayCount(day, spend, impressions, clicks, chats or 0))
        self.days = dict(days)

    def by_currency(self) -> dict[str, list[Figures]]:
        found: defaultdict[str, list[Figures]] = defaultdict(list)
        for line in self.campaigns:
            found[line.currency].append(line)
        return found

    def results(self, by_ad: Sequence[Figures]) -> list[AdResult]:
        """In units of each account's cost per chat."""
        lines = [(line, self.ads[line.key]) for line in by_ad if line.key in self.ads]
        spend: defaultdict[str, Decimal] = defaultdict(Decimal)
        chats: defaultdict[str, int] = defaultdict(int)
        for line, ad in lines:
            spend[ad.account_id] += line.spend.amount
            chats[ad.account_id] += line.chats
        unit = {account: spend[account] / chats[account] for account in spend if chats[account] and spend[account]}
        return [_result(line, ad, float(unit[ad.account_id])) for line, ad in lines if ad.account_id in unit]

    def trends_of(self, campaign_id: str) -> list[str]:
        days = self.days_of[campaign_id]
        odd, ads = anomaly(days), self.ads_of[campaign_id]
        tired = [f"“{ad.name}” {self.tired[ad.ad_id]}" for ad in ads if ad.ad_id in self.tired]
        return [*trends(days), *([odd] if odd else []), *tired, *(said for ad in ads if (said := self._complaint(ad)))]

    def odd_campaigns(self) -> Iterator[str]:
        for key, ads in self.ads_of.items():
            if odd := anomaly(self.days_of[key]):
                yield f"“{ads[0].campaign_name}” {odd}"

    @cached_property
    def ads_of(self) -> Mapping[str, Sequence[KnownAd]]:
        """By campaign id."""
        found: defaultdict[str, list[KnownAd]] = defaultdict(list)
        for ad in self.ads.values():
            found[ad.campaign_id or "unknown"].append(ad)
        return found

    @cached_property
    def days_of(self) -> Mapping[str, Sequence[AdDayCount]]:
        """By campaign id."""
        return {key: _summed_by_day([self.days.get(ad.ad_id, []) for ad in ads]) for key, ads in self.ads_of.items()}

    @cached_property
    def tired(self) -> Mapping[str, str]:
        """Ad id → sentence."""
        running = [ad for ad in self.ads.values() if not ad.gone and ad.effective_status == "active"]
        found = ((ad.ad_id, fatigue(self.days.get(ad.ad_id, []))) for ad in running)
        return {ad_id: said for ad_id, said in found if said}

    @cached_property
    def heard(self) -> Mapping[str, Sentiment]:
        found = dict(self.said)
        texts: defaultdict[str, list[str]] = defaultdict(list)
        for ad_chat in self.ad_chats:
            texts[ad_chat.ad_id] += ad_chat.texts
        for ad_id, written in texts.items():
            found[ad_id] = _sum_of(found.get(ad_id, Sentiment(0, 0, 0)), sentiment(written))
        return found

    def _complaint(self, ad: KnownAd) -> str | None:
        heard = self.heard.get(ad.ad_id)
        if heard is None or heard.praise + heard.blame < MIN_OPINIONS or heard.blame <= heard.praise:
            return None
        return f"people complain of “{ad.name}”: {heard.blame} comments and messages with blame, {heard.praise} with praise"

    def by_creative(self) -> dict[str, Sentiment]:
        found: dict[str, Sentiment] = {}
        for ad_id, heard in self.heard.items():
            creative = self.ads[ad_id].creative_id if ad_id in self.ads else None
            if creative is not None and heard.praise + heard.blame:
                found[creative] = _sum_of(found.get(creative, Sentiment(0, 0, 0)), heard)
        return found


def _sum_of(one: Sentiment, other: Sentiment) -> Sentiment:
    return Sentiment(one.praise + other.praise, one.blame + other.blame, one.neither + other.neither)


def _summed_by_day(series: Sequence[Sequence[AdDayCount]]) -> list[AdDayCount]:
    sums: dict[date, AdDayCount] = {}
    for days in series:
        for day in days:
            was = sums.get(day.day, AdDayCount(day.day, 0.0, 0, 0, 0))
            sums[day.day] = AdDayCount(
                day.day,
                was.spend + day.spend,
                was.impressions + day.impressions,
                was.clicks + day.clicks,
                was.chats + day.chats,
            )
    return [sums[day] for day in sorted(sums)]


def _result(line: Figures, ad: KnownAd, unit: float) -> AdResult:
    return AdResult(
        ad_id=ad.ad_id,
        groups=(f"angle:{ad.angle}", f"format:{ad.format}"),
        impressions=line.impressions,
        clicks=line.clicks,
        chats=line.chats,
        orders=line.orders,
        spend=float(line.spend.amount) / unit,
        margin=float(line.margin.amount) / unit,
    )


def _break_even(lines: Sequence[Figures]) -> float:
    margin = sum((line.margin.amount for line in lines), Decimal(0))
    revenue = sum((line.revenue.amount for line in lines), Decimal(0))
    return float(revenue / margin) if margin > 0 else 1.0


def _performance(line: Figures, usual: Benchmark) -> dict[str, Any]:
    """In the shape of campaign_memory.json: texts, rates in percent."""
    figures = {
        "impressions": line.impressions,
        "clicks": line.clicks,
        "ctr": None if line.ctr is None else f"{line.ctr * 100:.1f}",
        "cpc": None if line.cpc is None else f"{line.cpc.amount:.2f}",
        "spend": line.spend.amount,
        "chats": line.chats,
        "orders": line.orders,
        "revenue": line.revenue.amount,
        "profit": line.profit.amount,
        "roas": None if line.roas is None else f"{line.roas:.2f}",
        "roi": None if line.roi is None else f"{line.roi:.2f}",
        "currency": line.currency,
        "since": line.since,
        "until": line.until,
        "usual_ctr": None if usual.ctr is None else f"{usual.ctr * 100:.1f}",
    }
    return {name: str(value) for name, value in figures.items() if value is not None}


def _data(each: Earning) -> dict[str, Any]:
    return {
        "ctr": round(each.ctr, 4),
        "chat_to_order": round(each.chat_to_order, 4),
        "roi": round(each.roi, 3),
        "chats": each.chats,
        "orders": each.orders,
        "ads": each.ads,
        "days": WINDOW,
    }


def _revised(entry: StrategicEntry) -> str:
    if "withdrawn" in entry.record:
        return f"No longer so: {entry.record['insight']} ({entry.record['withdrawn']})"
    return f"{entry.record['insight']} (now {entry.record['confidence']:.0%} sure)"


def _outcome_text(change: CampaignRecord, before: Mapping[str, Money], after: Mapping[str, Money]) -> str:
    line = str(change.record.get("line", change.campaign_id))
    was, now = before.get(line), after.get(line)
    if was is None and now is None:
        return "nothing was spent on it in the week before or after"
    currency = (now or was or Money(Decimal(0), "XXX")).currency
    daily_was, daily_now = (_daily(money, currency) for money in (was, now))
    return (
        f"profit after ads {daily_now:.2f} {currency} a day in the week after, {daily_was:.2f} in the week before:"
        f" {daily_now - daily_was:+.2f}"
    )


def _daily(money: Money | None, currency: str) -> Decimal:
    return Decimal(0) if money is None or money.currency != currency else money.amount / 7
