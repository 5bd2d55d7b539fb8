"""A graph of creatives, angles, landing pages, chats, leads and orders, queried from their own tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from bot.language.money import Money
from memory.storage.database import Database, Row
from memory.storage.errors import MemoryFault
from memory.storage.timestamps import Clock

if TYPE_CHECKING:
    from memory.ads.campaigns import Campaigns, KnownAd
    from memory.ads.figures import AdFigures, Figures, Lifetime
    from memory.ads.learnings.strategy import StrategicEntry, Strategy


KINDS = ("account", "campaign", "ad_set", "ad", "creative", "angle", "format", "landing_page", "chats", "leads", "order",
         "learning")  # fmt: skip
ALWAYS = 36_500  # days
MAX_STEPS = 8
ENOUGH_CHATS = 30
Z_90 = 1.645  # standard deviations: nine in ten times the true rate is within

Direction = Literal["onward", "back"]


class UnknownKind(MemoryFault):
    pass


@dataclass(frozen=True, slots=True)
class Node:
    kind: str
    key: str
    steps: int  # from the start


@dataclass(frozen=True, slots=True)
class Edge:
    """Such as ad → SHOWS → creative."""

    from_kind: str
    from_key: str
    relation: str
    to_kind: str
    to_key: str


@dataclass(frozen=True, slots=True)
class Group:
    """Results of a group of ads, net of cancelled and returned orders. Money is one sum per currency."""

    name: str
    ads: int
    impressions: int
    clicks: int
    chats: int
    leads: int
    orders: int
    spend: tuple[Money, ...]
    revenue: tuple[Money, ...]
    margin: tuple[Money, ...]

    @property
    def conversion(self) -> float | None:
        """Orders per chat; None without chats."""
        return self.orders / self.chats if self.chats else None

    @property
    def enough(self) -> bool:
        # One chat and one order make no winner.
        return self.chats >= ENOUGH_CHATS

    @property
    def at_least(self) -> float:
        """Wilson's lower bound of the conversion, at nine in ten."""
        return wilson(min(self.orders, self.chats), self.chats)

    @property
    def ctr(self) -> float | None:
        """Clicks per impression."""
        return self.clicks / self.impressions if self.impressions else None


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Learnings about a word, and its ads beside all others."""

    word: str
    learnings: tuple[StrategicEntry, ...]
    withdrawn: tuple[StrategicEntry, ...]
    those: Group
    others: Group


class Graph:
    """Never crosses from one brand to another."""

    def __init__(self, db: Database, campaigns: Campaigns, figures: AdFigures, strategy: Strategy) -> None:
        self._db = db
        self._campaigns = campaigns
        self._figures = figures
        self._strategy = strategy

    @classmethod
    def over(cls, db: Database, clock: Clock) -> Graph:
        from memory.ads.campaigns import Campaigns
        from memory.ads.figures import AdFigures
        from memory.ads.learnings.strategy import Strategy

        campaigns = Campaigns(db, clock)
        return cls(db, campaigns, AdFigures(db, campaigns, clock), Strategy(db, clock))

    def landing_pages(self, brand: str, *, angle: str | None = None, days: int = ALWAYS) -> list[Group]:
        """“Which landing pages convert best with security-focused ads?” By `at_least`; `chat`: no page."""
        return self._groups(brand, days, lambda ad: ad.landing_page or "chat", _angle_filter(angle))

    def angles(self, brand: str, *, days: int = ALWAYS) -> list[Group]:
        """Highest `at_least` first."""
        return self._groups(brand, days, lambda ad: ad.angle, _angle_filter(None))

    def formats(self, brand: str, *, angle: str | None = None, days: int = ALWAYS) -> list[Group]:
        """Highest `at_least` first."""
        return self._groups(brand, days, lambda ad: ad.format, _angle_filter(angle))

    def buy_again(self, brand: str) -> list[Lifetime]:
        """“Which angle brings customers who buy again?” Highest return rate first."""
        return self._figures.lifetime(brand, "angle")

    def learned_about(self, brand: str, word: str, *, days: int = ALWAYS) -> Knowledge:
        """“What did we learn about video?” Matches ads by format, angle, page or name."""
        groups = self._groups(brand, days, lambda ad: "those" if _names(ad, word) else "others", _angle_filter(None))
        found = {group.name: group for group in groups}
        entries = self._strategy.entries(brand, "learnings", open_only=False, about=word)
        return Knowledge(
            word=word,
            learnings=tuple(each for each in entries if each.valid_to is None),
            withdrawn=tuple(each for each in entries if "withdrawn" in each.record),
            those=found.get("those", _group(word, [])),
            others=found.get("others", _group("others", [])),
        )

    def reached(
        self, brand: str, kind: str, key: str, *, to: str | None = None, direction: Direction = "back", steps: int = 4
    ) -> list[Node]:
        """Nodes that lead to this one (`back`: an angle's ads, chats, orders) or that it leads to (`onward`).

        `to`: only nodes of this kind. At most 8 steps. Raises UnknownKind.
        """
        for name in filter(None, (kind, to)):
            if name not in KINDS:
                raise UnknownKind(f"the graph has no {name}; its kinds are {', '.join(KINDS)}")
        here, there = ("to", "from") if direction == "back" else ("from", "to")
        rows = self._db.all(
            _WALK.format(here=here, there=there), brand=brand, kind=kind, key=key, steps=min(steps, MAX_STEPS), to=to
        )
        return [Node(row["kind"], row["key"], row["steps"]) for row in rows]

    def edges(self, brand: str, *, since: date | None = None) -> Iterator[Edge]:
        """Chats, leads and orders from `since` on."""
        rows = self._db.all(
            "SELECT * FROM graph_edges WHERE brand = :brand AND (day IS NULL OR day >= :since)"
            " ORDER BY from_kind, relation, to_kind, from_key, to_key",
            brand=brand,
            since=0 if since is None else since.toordinal(),
        )
        return (Edge(*(row[name] for name in Edge.__dataclass_fields__)) for row in rows)

    def properties(self, brand: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Kind, key and properties of nodes that have any. No personal data, no order numbers."""
        for kind, sql in _PROPERTIES.items():
            for row in self._db.all(sql, brand=brand):
                yield kind, str(row.pop("key")), _readable(row)

    def _groups(
        self, brand: str, days: int, place: Callable[[KnownAd], str], wanted: Callable[[KnownAd], bool]
    ) -> list[Group]:
        ads = {ad.ad_id: ad for ad in self._campaigns.ads(brand)}
        lines: dict[str, list[Figures]] = {}
        for line in self._figures.of(brand, "ad", days):
            if wanted(ads[line.key]):
                lines.setdefault(place(ads[line.key]), []).append(line)
        groups = [_group(name, found) for name, found in lines.items()]
        return sorted(groups, key=lambda group: (not group.enough, -group.at_least, -group.chats, group.name))


# `UNION` drops what was reached before in as many steps, so circles end.
_WALK = """WITH RECURSIVE walk (kind, key, steps) AS (
        SELECT {there}_kind, {there}_key, 1 FROM graph_edges
        WHERE brand = :brand AND {here}_kind = :kind AND {here}_key = :key
        UNION
        SELECT e.{there}_kind, e.{there}_key, w.steps + 1 FROM walk w
        JOIN graph_edges e ON e.brand = :brand AND e.{here}_kind = w.kind AND e.{here}_key = w.key
        WHERE w.steps < :steps
    )
    SELECT kind, key, min(steps) AS steps FROM walk WHERE CAST(:to AS TEXT) IS NULL OR kind = :to
    GROUP BY kind, key ORDER BY min(steps), kind, key"""

_PROPERTIES = {
    "account": "SELECT account_id AS key, name, currency FROM ad_accounts WHERE brand = :brand",
    "campaign": "SELECT campaign_id AS key, name, objective, status FROM ad_campaigns WHERE brand = :brand",
    "ad_set": "SELECT ad_set_id AS key, name, status FROM ad_sets WHERE brand = :brand",
    "ad": "SELECT ad_id AS key, name, status FROM ads WHERE brand = :brand",
    "creative": "SELECT creative_id AS key, name, headline, body FROM ad_creatives WHERE brand = :brand",
    "chats": "SELECT ad_id || ' ' || day AS key, day, CAST(sum(chats) AS INTEGER) AS chats FROM ad_chats"
    " WHERE brand = :brand GROUP BY ad_id, day",
    "leads": "SELECT ad_id || ' ' || day AS key, day, CAST(sum(leads) AS INTEGER) AS leads FROM ad_chats"
    " WHERE brand = :brand GROUP BY ad_id, day",
    "order": "SELECT 'sale ' || id AS key, day, sku, currency, value AS value_minor, state FROM ad_sales"
    " WHERE brand = :brand",
    "learning": "SELECT kind || ' ' || id AS key, kind, type FROM strategic_entries WHERE brand = :brand"
    " AND valid_to IS NULL",
}


def wilson(successes: int, tries: int) -> float:
    """E. B. Wilson, 1927; 0 without tries."""
    if not tries:
        return 0.0
    share, square = successes / tries, Z_90**2
    middle = share + square / (2 * tries)
    spread = Z_90 * (share * (1 - share) / tries + square / (4 * tries**2)) ** 0.5
    return float(max(0.0, (middle - spread) / (1 + square / tries)))


def _angle_filter(angle: str | None) -> Callable[[KnownAd], bool]:
    """“security” matches “security-focused”."""
    if angle is None:
        return lambda ad: True
    word = angle.casefold().removesuffix("-focused").strip()
    return lambda ad: word == ad.angle or word in ad.angle.replace("-", " ").split()


def _names(ad: KnownAd, word: str) -> bool:
    wanted = word.casefold()
    return wanted in (ad.format, ad.angle, ad.landing_page) or wanted in ad.name.casefold().split()


def _group(name: str, lines: Sequence[Figures]) -> Group:
    return Group(
        name=name,
        ads=len(lines),
        impressions=sum(line.impressions for line in lines),
        clicks=sum(line.clicks for line in lines),
        chats=sum(line.chats for line in lines),
        leads=sum(line.leads for line in lines),
        orders=sum(line.orders for line in lines),
        spend=_sums([line.spend for line in lines]),
        revenue=_sums([money for line in lines for money in (line.revenue, *line.elsewhere)]),
        margin=_sums([line.margin for line in lines]),
    )


def _sums(monies: Sequence[Money]) -> tuple[Money, ...]:
    sums: dict[str, Money] = {}
    for money in monies:
        sums[money.currency] = sums[money.currency] + money if money.currency in sums else money
    return tuple(sums[currency] for currency in sorted(sums))


def _readable(row: Row) -> dict[str, Any]:
    return {
        name: date.fromordinal(value) if name == "day" else value for name, value in row.items() if value is not None
    }
