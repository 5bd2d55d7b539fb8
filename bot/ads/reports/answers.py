"""Answers to staff about the ads, from memory, without a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from bot.ads.campaign_lookup import CampaignLookup
from bot.ads.morning.analysis import (
    ENOUGH_CHATS,
    ENOUGH_IMPRESSIONS,
    SURE,
    AdDayCount,
    Proportion,
    anomaly,
    changed,
    counts_differ,
    fatigue,
)
from bot.ads.morning.cycle import WHOLE_BRAND
from bot.ads.platform import without_token
from bot.ads.reports.charts import Gallery, daily_chart
from bot.ads.reports.morning_report import changes_done, largest_changes
from bot.ads.reports.named_place import NamedPlace, named_place
from bot.ads.step_results import MorningResults
from bot.language.foreign_text import in_one_line
from bot.language.money import CurrencyConverter, Money
from bot.language.texts import NOTHING, ReportWording, report_wording
from memory.ads.campaigns import Campaigns
from memory.ads.daily_figures import Daily, daily
from memory.ads.figures import PERIODS, AdFigures, Figures
from memory.ads.graph import Graph, Group
from memory.ads.learnings.strategy import StrategicEntry, Strategy
from memory.ads.morning_runs import CycleRun, Cycles
from memory.audit_log.account_changes import Change, Changes
from memory.audit_log.approvals import Approvals
from memory.storage.database import Database
from memory.storage.timestamps import Clock

LONGEST: Final = 3500  # characters; what a person reads on a phone
NAMED: Final = 5  # best and worst, each
FEW: Final = 10  # so many campaigns are all named
IN_FULL: Final = 4  # so many currencies, the largest; the others have a line each
WORTH_TELLING: Final = 0.05  # a rate that moved by less is no news, however sure the move is
SHORTEST_CHART, LONGEST_CHART = 2, 365  # days


@dataclass(frozen=True, slots=True)
class ChartAnswer:
    caption: str
    url: str | None  # None if there is nothing to draw


@dataclass(frozen=True, slots=True)
class Answers:
    """`language` is the reader's. Raises UnknownPlace or SeveralPlaces; their text is the answer."""

    db: Database
    campaigns: Campaigns
    figures: AdFigures
    cycles: Cycles
    approvals: Approvals
    changes: Changes
    strategy: Strategy
    graph: Graph
    gallery: Gallery
    rates: CurrencyConverter
    homes: Mapping[str, tuple[str, str]]  # brand → its name, and the currency of its sums
    clock: Clock  # of the accounts

    def overview(self, brand: str, *, language: str | None = "en") -> str:
        """At most `LONGEST` characters."""
        say = report_wording(language)
        days = daily(self.db, self.campaigns, self.clock, brand, max(PERIODS), apart=False)
        name, home = self.homes[brand]
        runs = self._newest(brand)
        if not days.rows:
            known = [say.say("nothing", brand=name), *_faults(runs, self._account_names(days), say)]
            return _cut("\n".join([*known, *self._waiting(brand, say)]), LONGEST)
        head = [say.say("title", brand=name, day=say.date(max(days.ends.values()))), *self._sums(days, home, say)]
        rest = [*_trend(days, say), *self._waiting(brand, say), *_faults(runs, self._account_names(days), say)]
        week = daily(self.db, self.campaigns, self.clock, brand, 7)
        for named, reasons in ((NAMED, 4), (NAMED, 3), (NAMED, 2), (NAMED, 1), (3, 1), (2, 0), (0, 0)):
            parts = [*head, *self._places(week, home, say, named), *_done(runs, say, reasons), *rest]
            if len(text := "\n".join(parts)) <= LONGEST:
                break
        return _cut(text, LONGEST)

    def about_campaign(self, brand: str, name: str, *, language: str | None = "en") -> str:
        """A campaign or account."""
        say = report_wording(language)
        place = self.place(brand, name, language=language)
        days = self._days_of(brand, place, max(PERIODS))
        parts = [
            self._heading(brand, place, say),
            *_rows_of(days, say),
            *_moving_note(days.last(max(PERIODS)), say),
            *_trend(days, say),
            *(f"• {sentence}" for sentence in _oddities(days)),
            *self._ads(brand, place, say),
            *self._thoughts(brand, place, say, 4),
            *self._changed(brand, place, say, 4),
        ]
        return _cut("\n".join(parts), LONGEST)

    def why(self, brand: str, name: str | None = None, *, most: int = 6, language: str | None = "en") -> str:
        """The newest changes with their reasons."""
        say = report_wording(language)
        place = None if name is None else self.place(brand, name, language=language)
        changes = self._changes_of(brand, place, most)
        if changes:
            title = say.say("why_title", day=say.date(changes[0].account_at))
            return _cut("\n".join([title, *(_change_line(each, say) for each in changes)]), LONGEST)
        thoughts = self._thoughts(brand, place, say, most) if place else []
        unmoved = [say.say("unspent", account=run.account_id, reason=why) for run in self._newest(brand)
                   if (why := _why_nothing(run))]  # fmt: skip
        return _cut("\n".join([say.say("why_none"), *thoughts, *unmoved]), LONGEST)

    def learnings(self, brand: str, word: str | None = None, *, language: str | None = "en") -> str:
        """With `word`, only those that mention it."""
        say = report_wording(language)
        brief = self.strategy.brief_for(brand, about=[word] if word else (), most=8)
        withdrawn = [each for each in brief.withdrawn if word is None or word.casefold() in str(each.record).casefold()]
        beside = self._beside(brand, word, say) if word else []
        parts = [
            *beside,
            *_entries(say.say("learned_about", word=word) if word else say.say("learned"), brief.learnings, say),
            *_entries(say.say("worked"), brief.worked, say),
            *_entries(say.say("failed_patterns"), brief.failed, say),
            *_entries(say.say("withdrawn"), withdrawn[:3], say),
        ]
        nothing = say.say("learned_none_about", word=word) if word else say.say("learned_none")
        return _cut("\n".join(parts), LONGEST) or nothing

    def chart_url(self, brand: str) -> str | None:
        """None if there is nothing to draw."""
        return self.chart_of(brand).url

    def chart_of(
        self, brand: str, name: str | None = None, days: int = 30, *, language: str | None = "en"
    ) -> ChartAnswer:
        """By day; `days` from 2 to 365."""
        say = report_wording(language)
        days = min(max(days, SHORTEST_CHART), LONGEST_CHART)
        place = None if name is None else self.place(brand, name, language=language)
        found = self._days_of(brand, place, days)
        lines, left_out = self._in_one(found.days(), self._chart_currency(brand, found))
        if not lines:
            return ChartAnswer(say.say("chart_none"), None)
        title = place.full_name if place else self.homes[brand][0]
        url = self.gallery.share(brand, daily_chart(title or lines[0].key, _note(lines), lines))
        caption = say.say("chart", name=title, days=days, currency=lines[0].currency)
        part = say.say("chart_part", currencies=", ".join(left_out)) if left_out else ""
        return ChartAnswer(caption + part, url)

    def place(self, brand: str, name: str, *, language: str | None = "en") -> NamedPlace:
        """Raises UnknownPlace, SeveralPlaces."""
        return named_place(CampaignLookup(self.campaigns), brand, name, report_wording(language))

    def changes_of_campaign(self, brand: str, campaign_id: str, most: int) -> list[Change]:
        """Newest first, with its ad sets and ads."""
        known = {each.id: each for each in self.campaigns.campaigns(brand)}[campaign_id]
        place = NamedPlace("campaign", known.id, known.name, known.account_id, known.account_name)
        return self._changes_of(brand, place, most)

    # The parts of the answers

    def _sums(self, days: Daily, home: str, say: ReportWording) -> list[str]:
        by_period = {period: days.last(period) for period in PERIODS}
        currencies = [line.currency for line in self._largest_first(by_period[max(PERIODS)], home)]
        parts = [say.say("columns")]
        if len(currencies) > 1:
            parts += self._together(by_period, home, say)
        full = currencies if len(currencies) <= IN_FULL + 1 else currencies[:IN_FULL]
        for currency in currencies:
            of_it = {
                period: [line for line in lines if line.currency == currency] for period, lines in by_period.items()
            }
            if currency in full:
                parts.append(_account_line(days, currency, say))
                parts += [_row(period, line, say) for period, lines in of_it.items() for line in lines]
            else:
                parts.append(_short_line(_account_line(days, currency, say), of_it, say))
        parts += [say.say("short_note")] if full != currencies else []
        return [
            *parts,
            *_elsewhere(by_period[max(PERIODS)], say),
            *_silent(days, say),
            *_moving_note(by_period[max(PERIODS)], say),
        ]

    def _together(self, by_period: Mapping[int, Sequence[Figures]], home: str, say: ReportWording) -> list[str]:
        sums = {period: self._in_one(lines, home) for period, lines in by_period.items()}
        rows = [_row(period, total, say) for period, (lines, _) in sums.items() if (total := added(lines)) is not None]
        used = [line.currency for line in by_period[max(PERIODS)] if line.currency != home]
        left_out = sums[max(PERIODS)][1]
        rates = ", ".join(self._rate(home, currency, say) for currency in used if currency not in left_out)
        parts = [say.say("together", currency=home), *rows] if rows else []
        parts += [say.say("rates", currency=home, rates=rates)] if rows and rates else []
        return parts + ([say.say("no_rate", currencies=", ".join(left_out))] if left_out else [])

    def _rate(self, home: str, currency: str, say: ReportWording) -> str:
        thousand = self.rates.in_currency(Money(Decimal(1000), home), currency)  # not of 1: amounts are rounded
        if thousand is None:
            raise ValueError(f"there is no rate for {currency}, though amounts in it were converted")
        return f"{say.rate(thousand.amount / 1000)} {currency}"

    def _places(self, days: Daily, home: str, say: ReportWording, named: int) -> list[str]:
        lines = [line for line in days.last(7, "campaign") if line.spend.amount > 0]
        sure = sorted((line for line in lines if line.chats >= ENOUGH_CHATS), key=lambda line: -(line.roi or 0))
        accounts = {row.campaign_id: in_one_line(days.accounts[row.account_id].name) for row in days.rows}
        if len(lines) <= FEW:
            best, worst = sorted(lines, key=lambda line: -(line.roi or 0)), []
        else:
            best = sure[: min(named, len(sure) // 2)]
            worst = sure[len(best) :][::-1][:named]
        parts = [
            _place_line(line, f"{without_token(line.name)}, {accounts[line.key]}", say) for line in (*best, *worst)
        ]
        rest = self._rest([line for line in lines if line not in best and line not in worst], home, say)
        first = [say.say("all_named" if len(lines) <= FEW else "best"), *parts[: len(best)]] if best else []
        return first + ([say.say("worst"), *parts[len(best) :]] if worst else []) + rest

    def _rest(self, lines: Sequence[Figures], home: str, say: ReportWording) -> list[str]:
        counted = [found for line in lines for found in self._in_one([line], home)[0]]
        total = added(counted)
        if total is None:
            return []
        return [say.say("rest", n=len(counted), profit=say.money(total.profit), spend=say.money(total.spend))]

    def _waiting(self, brand: str, say: ReportWording) -> list[str]:
        waiting = self.approvals.waiting(brand)
        lines = [say.say("waiting_line", n=each.id, summary=_cut(each.summary, 140)) for each in waiting[:3]]
        return [say.say("waiting", n=len(waiting)), *lines] if waiting else []

    def _heading(self, brand: str, place: NamedPlace, say: ReportWording) -> str:
        structure = self.campaigns.structure(brand, place.account_id)
        sets = [each for each in structure.ad_sets if place.kind == "account" or each.campaign_id == place.id]
        own = [each for each in structure.campaigns if place.kind == "account" or each.id == place.id]
        budgets = [
            *(each.daily_budget for each in own if each.daily_budget and each.status == "active"),
            *(each.daily_budget for each in sets if each.daily_budget and each.status == "active"),
        ]
        running = any(each.status == "active" for each in own)
        there = "active" if running else "paused" if own else "empty" if place.kind == "account" else "gone"
        status = say.say("gone" if place.gone else there)
        line = say.say(
            "campaign", name=in_one_line(place.name, 400), account=in_one_line(place.account_name), status=status
        )
        if not budgets:
            return line
        total = say.money(_money(budgets[0].currency, [each.amount for each in budgets]))
        return line + say.say("budget" if len(budgets) == 1 else "budgets", n=len(budgets), budget=total)

    def _ads(self, brand: str, place: NamedPlace, say: ReportWording) -> list[str]:
        mine = {ad.ad_id for ad in self.campaigns.ads(brand, account_id=place.account_id)
                if place.kind == "account" or ad.campaign_id == place.id}  # fmt: skip
        lines = [line for line in self.figures.of(brand, "ad", max(PERIODS), account_id=place.account_id)
                 if line.key in mine and line.spend.amount > 0]  # fmt: skip
        lines.sort(key=lambda line: -(line.roi or 0))
        shown = lines if len(lines) <= 2 * NAMED else [*lines[:NAMED], *lines[-NAMED:]]
        parts = [_place_line(line, without_token(line.name), say) for line in shown]
        rest = added([line for line in lines if line not in shown])
        if rest is not None:
            more = say.say(
                "rest", n=len(lines) - len(shown), profit=say.money(rest.profit), spend=say.money(rest.spend)
            )
            parts.insert(NAMED, more)
        return [say.say("ads_best"), *parts] if parts else []

    def _thoughts(self, brand: str, place: NamedPlace, say: ReportWording, most: int) -> list[str]:
        run = self.cycles.newest_of(brand, place.account_id)
        lines = self._lines_of(brand, place)
        result = None if run is None else MorningResults.of_notes(run.notes).decide
        decisions = [
            each for each in (() if result is None else result.decisions) if place.kind == "account" or each.id in lines
        ]
        decisions.sort(key=lambda each: (not each.pause, -abs(each.reason.budget - each.reason.before)))
        parts = [f"• {each.sentence}" for each in decisions[:most]]
        return [say.say("decided"), *parts] if parts else []

    def _changed(self, brand: str, place: NamedPlace, say: ReportWording, most: int) -> list[str]:
        changes = self._changes_of(brand, place, most)
        return [say.say("changed"), *(_change_line(each, say) for each in changes)] if changes else []

    def _changes_of(self, brand: str, place: NamedPlace | None, most: int) -> list[Change]:
        page = self.changes.page(brand, account_id=place.account_id if place else None, limit=200)
        if place is not None and place.kind == "campaign":
            lines = self._lines_of(brand, place)
            page = [each for each in page if each.object_id in lines]
        return page[:most]

    def _lines_of(self, brand: str, place: NamedPlace) -> set[str]:
        structure = self.campaigns.structure(brand, place.account_id)
        sets = {each.id for each in structure.ad_sets if each.campaign_id == place.id}
        return {place.id} | sets | {each.id for each in structure.ads if each.ad_set_id in sets}

    def _beside(self, brand: str, word: str, say: ReportWording) -> list[str]:
        known = self.graph.learned_about(brand, word)
        if not known.those.chats:
            return []
        return [
            say.say("beside", word=word, orders=known.those.orders, chats=known.those.chats, ads=known.those.ads,
                    rate=_rate(known.those, say), others=_rate(known.others, say))
        ]  # fmt: skip

    # Figures

    def _days_of(self, brand: str, place: NamedPlace | None, days: int) -> Daily:
        account_id = place.account_id if place else None
        campaign_id = place.id if place and place.kind == "campaign" else None
        apart = campaign_id is not None
        found = daily(self.db, self.campaigns, self.clock, brand, days, account_id=account_id, apart=apart)
        return found.only(campaign_id=campaign_id)

    def _newest(self, brand: str) -> list[CycleRun]:
        day = self.cycles.newest_day(brand)
        runs = [] if day is None else self.cycles.of_brand(brand, day)
        return [run for run in runs if run.account_id != WHOLE_BRAND]

    def _account_names(self, days: Daily) -> dict[str, str]:
        return {account.id: in_one_line(account.name) for account in days.accounts.values()}

    def _in_one(self, lines: Sequence[Figures], currency: str) -> tuple[list[Figures], list[str]]:
        converted_lines, left_out = [], dict[str, None]()
        for line in lines:
            converted = self._converted(line, currency)
            if converted is None:
                left_out[line.currency] = None
            else:
                converted_lines.append(converted)
        return _by_day(converted_lines), list(left_out)

    def _converted(self, line: Figures, currency: str) -> Figures | None:
        if line.currency == currency:
            return line
        amounts = (line.spend, line.revenue, line.margin)
        spend, revenue, margin = (self.rates.in_currency(each, currency) for each in amounts)
        if spend is None or revenue is None or margin is None:
            return None
        return replace(line, currency=currency, spend=spend, revenue=revenue, margin=margin, elsewhere=())

    def _largest_first(self, lines: Sequence[Figures], home: str) -> list[Figures]:
        def size(line: Figures) -> tuple[bool, Decimal, str]:
            known, _ = self._in_one([line], home)
            return not known, -known[0].spend.amount if known else Decimal(0), line.currency

        return sorted(lines, key=size)

    def _chart_currency(self, brand: str, days: Daily) -> str:
        currencies = {days.accounts[row.account_id].currency for row in days.rows}
        return next(iter(currencies)) if len(currencies) == 1 else self.homes[brand][1]


def _row(period: int, line: Figures, say: ReportWording) -> str:
    return say.say(
        "row",
        days=period,
        spend=say.amount(line.spend),
        chats=say.count(line.chats),
        leads=say.count(line.leads),
        orders=say.count(line.orders),
        revenue=say.amount(line.revenue),
        profit=say.amount(line.profit),
        roas=say.ratio(line.roas),
        moving=say.say("moving") if line.moving else "",
    )


def _rows_of(days: Daily, say: ReportWording) -> Iterator[str]:
    yield say.say("columns")
    for period in PERIODS:
        for line in days.last(period):
            yield f"{_row(period, line, say)} {line.currency}"


def _account_line(days: Daily, currency: str, say: ReportWording) -> str:
    n = len({row.account_id for row in days.rows if days.accounts[row.account_id].currency == currency})
    return say.say("account" if n == 1 else "accounts", currency=currency, n=n)


def _elsewhere(lines: Sequence[Figures], say: ReportWording) -> list[str]:
    sold: dict[str, list[Decimal]] = {}
    for money in (money for line in lines for money in line.elsewhere):
        sold.setdefault(money.currency, []).append(money.amount)
    monies = ", ".join(say.money(_money(currency, sold[currency])) for currency in sorted(sold))
    return [say.say("elsewhere", monies=monies)] if monies else []


def _silent(days: Daily, say: ReportWording) -> list[str]:
    spending = {row.account_id for row in days.rows if row.sum.spend}
    names = [in_one_line(account.name) for key, account in sorted(days.accounts.items()) if key not in spending]
    return [say.say("silent", names=_cut(", ".join(names), 200))] if names else []


def _short_line(title: str, of_it: Mapping[int, Sequence[Figures]], say: ReportWording) -> str:
    lines = [next(iter(lines), None) for lines in of_it.values()]
    return say.say(
        "short_row",
        title=title,
        spend=" · ".join(say.amount(line.spend) if line else NOTHING for line in lines),
        profit=" · ".join(say.amount(line.profit) if line else NOTHING for line in lines),
        roas=" · ".join(say.ratio(line.roas) if line else NOTHING for line in lines),
    )


def _place_line(line: Figures, name: str, say: ReportWording) -> str:
    return say.say(
        "place", name=without_token(name), profit=say.money(line.profit), spend=say.amount(line.spend),
        chats=say.count(line.chats), orders=say.count(line.orders),
    )  # fmt: skip


def _moving_note(lines: Sequence[Figures], say: ReportWording) -> list[str]:
    return [say.say("moving_note")] if any(line.moving for line in lines) else []


def _trend(days: Daily, say: ReportWording) -> list[str]:
    last, before = _counts(days.last(7)), _counts(days.last(7, back=7))
    parts = [
        _moved(name, say.count(was), say.count(now), now / was - 1 if was else None, say)
        for name, was, now in (("chats", before.chats, last.chats), ("orders", before.orders, last.orders))
        if counts_differ(was, now)
    ]
    was_rate, rate = Proportion(before.clicks, before.impressions), Proportion(last.clicks, last.impressions)
    if min(was_rate.tries, rate.tries) >= ENOUGH_IMPRESSIONS and abs(changed(was_rate, rate)) >= SURE:
        change = rate.rate / was_rate.rate - 1 if was_rate.rate else None
        if change is None or abs(change) >= WORTH_TELLING:
            parts.append(_moved("CTR", say.percent(was_rate.rate), say.percent(rate.rate), change, say))
    return [say.say("trend"), *parts] if parts else [say.say("no_trend")]


def _moved(name: str, was: str, now: str, change: float | None, say: ReportWording) -> str:
    line = "rose" if change is None or change > 0 else "fell"
    return say.say(
        line, what=say.lines.get(name, name), before=was, after=now, percent=say.percent(change, signed=True)
    )


@dataclass(frozen=True, slots=True)
class _Counts:
    impressions: int
    clicks: int
    chats: int
    orders: int


def _counts(lines: Sequence[Figures]) -> _Counts:
    names = ("impressions", "clicks", "chats", "orders")
    return _Counts(*(sum(getattr(line, name) for line in lines) for name in names))


def _oddities(days: Daily) -> list[str]:
    counts = [AdDayCount(line.until, float(line.spend.amount), line.impressions, line.clicks, line.chats)
              for line in days.days()]  # fmt: skip
    return [sentence for sentence in (fatigue(counts), anomaly(counts)) if sentence]


def _done(runs: Sequence[CycleRun], say: ReportWording, most: int) -> list[str]:
    if not runs:
        return [say.say("no_cycle")]
    day = say.date(runs[0].day)
    results = [MorningResults.of_notes(run.notes) for run in runs]
    done = changes_done(results)
    if not done:
        closed = dict.fromkeys(why for run in runs if (why := _why_nothing(run)))
        return [say.say("done_none", day=day), *(f"• {why}" for why in [*closed][:2])]
    decisions, more = largest_changes(results, most)
    lines = [f"• {_cut(each.sentence, 190)}" for each in decisions]
    return [say.say("done_one" if done == 1 else "done", n=done, day=day), *lines,
            *([say.say("more_reasons", n=more)] if more else [])]  # fmt: skip


def _faults(runs: Sequence[CycleRun], names: Mapping[str, str], say: ReportWording) -> list[str]:
    parts = [say.say("failed", account=names.get(run.account_id, run.account_id), fault=_cut(run.fault, 120))
            for run in runs if run.fault]  # fmt: skip
    working = sum(run.ended_at is None and not run.fault for run in runs)
    return parts[:4] + ([f"… +{len(parts) - 4}"] if len(parts) > 4 else []) + (
        [say.say("still_working", n=working)] if working else []
    )  # fmt: skip


def _why_nothing(run: CycleRun) -> str:
    decided = MorningResults.of_notes(run.notes).decide
    return "" if decided is None else decided.closed or decided.unspent_reason


def _change_line(change: Change, say: ReportWording) -> str:
    outcome = (
        ""
        if change.state == "done"
        else f" [{change.state.replace('_', ' ')}{': ' if change.outcome else ''}{change.outcome}]"
    )
    return say.say(
        "change_line",
        at=say.date(change.account_at),
        name=without_token(change.name) or change.object_id,
        was=_value(change, change.was, say),
        becomes=_value(change, change.becomes, say),
        who=change.role,
        why=_cut(change.why, 300),
        outcome=outcome,
    )


def _value(change: Change, value: str, say: ReportWording) -> str:
    if change.what == "set_budget" and value:
        return say.money(Money(Decimal(value), change.raises.currency))
    return value.lower() or "–"


def _entries(title: str, entries: Sequence[StrategicEntry], say: ReportWording) -> list[str]:
    return [title, *(f"• {_entry(each.record, say)}" for each in entries)] if entries else []


def _entry(record: Mapping[str, Any], say: ReportWording) -> str:
    text = str(record.get("insight") or record.get("pattern") or record.get("name") or "")
    sure = record.get("confidence")
    evidence = f" {record['evidence']}" if record.get("evidence") else ""
    ended = f" {record['withdrawn']}" if record.get("withdrawn") else ""
    return text + (say.say("sure", percent=say.percent(float(sure))) if sure is not None else "") + evidence + ended


def _rate(group: Group, say: ReportWording) -> str:
    return say.percent(group.conversion)


def _note(lines: Sequence[Figures]) -> str:
    """In English: it is part of the picture."""
    english = report_wording("en")
    total = added(lines)
    if total is None:
        return ""
    days = f"{_day(lines[0].until)} to {_day(lines[-1].until)}"
    note = f"{days}\nprofit {english.money(total.profit)} · ROAS {english.ratio(total.roas)}"
    return f"{note} · pale: still moving" if any(line.moving for line in lines) else note


def _day(day: date) -> str:
    return report_wording("en").date(day)


def _by_day(lines: Sequence[Figures]) -> list[Figures]:
    found: dict[tuple[str, date, date], Figures] = {}
    for line in lines:
        place = (line.key, line.since, line.until)
        found[place] = added([found[place], line]) or line if place in found else line
    return list(found.values())


def added(lines: Sequence[Figures]) -> Figures | None:
    """In one currency, under the first one's name."""
    if not lines:
        return None
    first, currency = lines[0], lines[0].currency
    reported = [line.platform_chats for line in lines if line.platform_chats is not None]

    def count(name: str) -> int:
        return sum(getattr(line, name) for line in lines)

    def money(name: str) -> Money:
        return _money(currency, [getattr(line, name).amount for line in lines])

    return replace(
        first,
        since=min(line.since for line in lines),
        until=max(line.until for line in lines),
        spend=money("spend"),
        impressions=count("impressions"),
        clicks=count("clicks"),
        chats=count("chats"),
        platform_chats=sum(reported) if reported else None,
        leads=count("leads"),
        orders=count("orders"),
        revenue=money("revenue"),
        margin=money("margin"),
        moving=any(line.moving for line in lines),
    )


def _money(currency: str, amounts: Sequence[Decimal]) -> Money:
    return Money(sum(amounts, Decimal(0)), currency)


def _cut(text: str | None, most: int) -> str:
    text = text or ""
    return text if len(text) <= most else text[: most - 1].rpartition(" ")[0] + "…"
