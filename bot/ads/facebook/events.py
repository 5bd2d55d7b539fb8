"""Sales reported to Meta, each once: Meta does not deduplicate."""

# https://developers.facebook.com/docs/marketing-api/conversions-api/business-messaging

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.ads.facebook.creation import Advertiser
from bot.ads.facebook.errors import UnknownClick
from bot.ads.facebook.graph_client import Call, GraphClient
from bot.ads.platform import AdsFault, OutcomeUnknown, RequestWrong
from memory.ads.ad_account import BusinessEvent, EventOutcome

NAMES = frozenset(
    "LeadSubmitted QualifiedLead Purchase AddToCart InitiateCheckout ViewContent OrderCreated OrderShipped"
    " OrderDelivered OrderCanceled OrderReturned CartAbandoned RatingProvided ReviewProvided".split()
)
EVENT_WINDOW = timedelta(days=7)
MAX_BATCH = 1000
WRONG_CLICK_ID = "hawker-doctor"  # no click has it: an event with it proves the way and counts for nothing
PARTNER = "hawker"


@dataclass(slots=True)
class EventUpload:
    graph: GraphClient
    advertiser: Advertiser
    outcomes: dict[str, EventOutcome] = field(default_factory=dict)
    refusals: dict[str, RequestWrong] = field(default_factory=dict)  # by event

    def send(self, events: Sequence[BusinessEvent]) -> list[EventOutcome]:
        """One outcome per event, in order. Raises AdsFault only if nothing was sent."""
        fit = []
        for event in events:
            if why := _fault_of_event(event, self.graph):
                self._settle([event], why)
            else:
                fit.append(event)
        for start in range(0, len(fit), MAX_BATCH):
            self._deliver(fit[start : start + MAX_BATCH])
        return [self.outcomes[event.id] for event in events]

    def _deliver(self, batch: Sequence[BusinessEvent]) -> None:
        try:
            taken = self._send(batch)
        except RequestWrong as fault:  # one bad event: Meta has taken none of the batch
            if len(batch) == 1:
                self.refusals[batch[0].id] = fault
                self._settle(batch, str(fault))
                return
            middle = len(batch) // 2
            self._deliver(batch[:middle])
            self._deliver(batch[middle:])
        except OutcomeUnknown as fault:  # no retry: Meta would count twice
            self._settle(batch, f"{fault}. It is not sent again, since Meta would count it twice")
        except AdsFault as fault:
            if not any(outcome.accepted or not outcome.again for outcome in self.outcomes.values()):
                raise
            self._settle(batch, str(fault), again=True)
        else:
            self._settle(batch, _missing_events(taken, len(batch)))

    def _send(self, batch: Sequence[BusinessEvent]) -> int:
        fields = {"data": [payload(event, self.advertiser) for event in batch], "partner_agent": PARTNER}
        path = f"{self.advertiser.dataset_id}/events"
        answer = self.graph.ask(Call("POST", path, "", fields, use="events", lane="write", once=True))
        taken = answer.get("events_received")
        return taken if isinstance(taken, int) else 0

    def _settle(self, batch: Sequence[BusinessEvent], why: str, *, again: bool = False) -> None:
        for event in batch:
            self.outcomes[event.id] = EventOutcome(event.id, not why, why, again)


def payload(event: BusinessEvent, advertiser: Advertiser) -> dict[str, Any]:
    written: dict[str, Any] = {
        "event_name": event.name,
        "event_time": int(event.at.timestamp()),
        "event_id": event.id,
        "action_source": "business_messaging",
        "messaging_channel": "whatsapp",
        "user_data": {"whatsapp_business_account_id": advertiser.whatsapp_account_id, "ctwa_clid": event.clid},
    }
    if event.value is not None:
        # Meta wants a JSON number; a double holds every amount below ten million millions to the cent.
        written["custom_data"] = {"currency": event.value.currency, "value": float(event.value.amount)}
    return written


def check_dataset(graph: GraphClient, advertiser: Advertiser) -> str:
    """Send an invalid click id; "" if Meta refuses just that, else what is wrong."""
    event = BusinessEvent(id=WRONG_CLICK_ID, name="LeadSubmitted", at=graph.clock(), clid=WRONG_CLICK_ID)
    upload = EventUpload(graph, advertiser)
    [outcome] = upload.send([event])
    if isinstance(upload.refusals.get(event.id), UnknownClick):
        return ""
    return outcome.why or "Meta took an event that it should have refused"


def _fault_of_event(event: BusinessEvent, graph: GraphClient) -> str:
    if not event.clid:
        return "it came without a click id, and none is ever invented"
    if event.name not in NAMES:
        return f"Meta knows no event {event.name!r} for messaging; it knows {', '.join(sorted(NAMES))}"
    if graph.clock() - event.at > EVENT_WINDOW:
        return "too late: Meta takes events for seven days"
    if event.name == "Purchase" and event.value is None:
        return "a purchase needs its value"
    return ""


def _missing_events(taken: int, sent: int) -> str:
    if taken >= sent:
        return ""
    if taken == 0:
        return (
            "Meta answered without a complaint and took none: check META_DATASET_ID and that it belongs to this number"
        )
    return f"Meta took {taken} of {sent} events and did not say which"
