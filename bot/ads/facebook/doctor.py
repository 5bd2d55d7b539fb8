"""Checks of the connection to Meta, with what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.ads.facebook.creation import Advertiser
from bot.ads.facebook.events import check_dataset
from bot.ads.facebook.graph_client import Call, GraphClient
from bot.ads.facebook.version import VERSION, VERSION_ENDS, version_warning
from bot.ads.platform import AdsFault
from memory.ads.ad_account import AccountFinding, AdAccount

PERMISSIONS = (
    "ads_management",
    "ads_read",
    "business_management",
    "pages_manage_ads",
    "pages_read_engagement",
    "pages_show_list",
)
FOR_EVENTS = "whatsapp_business_manage_events"
SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Doctor:
    """Checks that all accounts share."""

    graph: GraphClient
    advertiser: Advertiser

    def examine(self) -> list[AccountFinding]:
        """An AdsFault becomes a finding."""
        found: list[AccountFinding] = [version(self.graph.clock())]
        try:
            token_data = self.graph.inspect_token()
        except AdsFault as fault:
            return [*found, AccountFinding("Meta token", False, str(fault))]
        found.append(token(token_data, self.graph))
        if not found[-1].ok:
            return found
        found.append(permissions(token_data, events=bool(self.advertiser.dataset_id)))
        return [*found, *self._page(), *self._dataset(token_data)]

    def _page(self) -> Iterator[AccountFinding]:
        fields = {"fields": "id,name,has_whatsapp_number,whatsapp_number"}
        yield from finding_of(
            "Meta page",
            lambda: page(self.graph.ask(Call("GET", self.advertiser.page_id, "", fields, "pages")), self.advertiser),
        )

    def _dataset(self, token_data: dict[str, Any]) -> Iterator[AccountFinding]:
        if not self.advertiser.dataset_id:
            yield AccountFinding("Meta dataset", True, "no META_DATASET_ID: sales are not told to Meta")
            return
        if not self.advertiser.whatsapp_account_id:
            hint = f"; the token names {', '.join(ids)}" if (ids := whatsapp_accounts(token_data)) else ""
            yield AccountFinding(
                "Meta dataset", False, f"set META_WHATSAPP_ACCOUNT_ID to the number's WhatsApp account{hint}"
            )
            return
        yield from finding_of("Meta dataset", lambda: dataset(self.graph, self.advertiser))


def finding_of(name: str, look: Callable[[], AccountFinding]) -> Iterator[AccountFinding]:
    """A check that cannot run is a finding that stops no chats."""
    try:
        yield look()
    except AdsFault as fault:
        yield AccountFinding(f"{name}, not seen", False, str(fault))


def version(now: datetime) -> AccountFinding:
    warning = version_warning(now.date())
    return AccountFinding(
        "Meta version", warning is None, warning or f"{VERSION} is served until {VERSION_ENDS} at least"
    )


def token(token_data: dict[str, Any], graph: GraphClient) -> AccountFinding:
    if token_data.get("is_valid") is not True:
        words = graph.clean(str((token_data.get("error") or {}).get("message") or "Meta does not say why"))
        return AccountFinding("Meta token", False, f"it does not hold ({words}): set a new META_ACCESS_TOKEN")
    ends = [moment for moment in (token_data.get("expires_at"), token_data.get("data_access_expires_at")) if moment]
    if not ends:
        return AccountFinding("Meta token", True, "it holds and never expires")
    end = datetime.fromtimestamp(min(ends), UTC)
    if end - graph.clock() < SOON:
        return AccountFinding(
            "Meta token", False, f"it ends on {end:%Y-%m-%d}: make one of a system user that never expires"
        )
    return AccountFinding("Meta token", True, f"it holds until {end:%Y-%m-%d}")


def permissions(token_data: dict[str, Any], *, events: bool) -> AccountFinding:
    wanted = (*PERMISSIONS, *([FOR_EVENTS] if events else []))
    missing = [name for name in wanted if name not in (token_data.get("scopes") or [])]
    if missing:
        lacking = f"missing: {', '.join(missing)}; make a new token for the system user with these ticked"
        return AccountFinding("Meta permissions", False, lacking)
    return AccountFinding("Meta permissions", True, "all that is needed is there")


def whatsapp_accounts(token_data: dict[str, Any]) -> list[str]:
    scopes = [
        each for each in token_data.get("granular_scopes") or [] if str(each.get("scope", "")).startswith("whatsapp")
    ]
    return sorted({str(target) for each in scopes for target in each.get("target_ids") or []})


def page(row: dict[str, Any], advertiser: Advertiser) -> AccountFinding:
    if row.get("has_whatsapp_number") is not True:
        return AccountFinding(
            "Meta page",
            False,
            "it has no WhatsApp number: link it in the page's settings under Linked accounts",
            stops_chats=True,
        )
    linked = "".join(filter(str.isdigit, str(row.get("whatsapp_number") or "")))
    if advertiser.phone and linked and linked != advertiser.phone:
        return AccountFinding(
            "Meta page",
            False,
            f"it is linked to another number, ending in {linked[-4:]}: link the brand's own number",
            stops_chats=True,
        )
    return AccountFinding(
        "Meta page",
        True,
        "it is linked to a WhatsApp number" + (" of the brand" if linked and advertiser.phone else ""),
    )


def dataset(graph: GraphClient, advertiser: Advertiser) -> AccountFinding:
    """Sends an event that Meta must refuse for its click id alone."""
    why = check_dataset(graph, advertiser)
    return AccountFinding(
        "Meta dataset", not why, why or "an event finds its way: Meta refused just the false click id"
    )


def account(about: AdAccount, brand_currency: str) -> AccountFinding:
    name = f"Meta {about.id}"
    if about.status != "active":
        return AccountFinding(
            name, False, f"the account is {about.status}: see Account Quality and the payment settings at Meta"
        )
    kept = f"budgets in {about.currency}, days of {about.time_zone}, at least {about.min_daily_budget.amount} a day"
    if brand_currency and about.currency != brand_currency:
        return AccountFinding(name, True, f"{kept}; the brand sells in {brand_currency}, so figures are converted")
    return AccountFinding(name, True, kept)
