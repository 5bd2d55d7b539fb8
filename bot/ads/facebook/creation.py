"""Request fields for new Click-to-WhatsApp campaigns, ad sets, creatives and ads; always paused."""

# https://developers.facebook.com/documentation/ads-commerce/marketing-api/ad-creative/messaging-ads/click-to-whatsapp

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.ads.facebook.amounts import to_meta
from bot.ads.facebook.vocabulary import objective_to
from bot.ads.platform import RequestWrong, named
from memory.ads.ad_account import NewAd, NewAdSet, NewCampaign, NewCreative, Objective

CHAT_LINK = "https://api.whatsapp.com/send"
MAX_NAME = 400  # Meta's own limit, token included

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Advertiser:
    page_id: str
    phone: str = ""  # digits only; empty: the page's own default number
    dataset_id: str = ""
    whatsapp_account_id: str = ""  # the WABA; its events name it


def campaign(new: NewCampaign, token: str) -> Fields:
    return {
        "name": _name(new.name, token),
        "objective": objective_to(new.objective),
        "special_ad_categories": list(new.special_ad_categories),
        "is_adset_budget_sharing_enabled": False,  # must be said for a campaign without a budget of its own
        "status": "PAUSED",
    }


def ad_set(new: NewAdSet, token: str, objective: Objective, advertiser: Advertiser) -> Fields:
    if not new.targeting.get("geo_locations"):
        raise RequestWrong("the audience names no place: say at least one country, region or city")
    return {
        "name": _name(new.name, token),
        "campaign_id": new.campaign_id,
        "daily_budget": to_meta(new.daily_budget),
        "billing_event": "IMPRESSIONS",
        "optimization_goal": "LINK_CLICKS" if objective == "traffic" else "CONVERSATIONS",
        "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
        "destination_type": "WHATSAPP",
        "promoted_object": promoted(objective, advertiser),
        "targeting": {"targeting_automation": {"advantage_audience": 0}, **new.targeting},
        "status": "PAUSED",
    }


def promoted(objective: Objective, advertiser: Advertiser) -> Mapping[str, str]:
    """Fixed at creation: Meta allows no change."""
    if objective != "sales":
        phone = {"whatsapp_phone_number": advertiser.phone} if advertiser.phone else {}
        return {"page_id": advertiser.page_id, **phone}
    if not advertiser.dataset_id:
        raise RequestWrong("a campaign for sales needs a dataset: set META_DATASET_ID (docs/meta.md, step 6)")
    return {"page_id": advertiser.page_id, "pixel_id": advertiser.dataset_id, "custom_event_type": "PURCHASE"}


def creative(new: NewCreative, token: str, advertiser: Advertiser) -> Fields:
    return {
        "name": _name(new.name, token),
        "object_story_spec": {
            "page_id": advertiser.page_id,
            "link_data": {
                "link": CHAT_LINK,
                "message": new.body,
                "name": new.headline,
                "image_hash": new.image_hash,
                "call_to_action": {"type": "WHATSAPP_MESSAGE", "value": {"app_destination": "WHATSAPP"}},
                "page_welcome_message": _welcome(new.greeting, new.headline),
            },
        },
    }


def without(fields: Fields, part: str) -> Fields:
    """Fields without one part of the post."""
    story = fields["object_story_spec"]
    post = {name: value for name, value in story["link_data"].items() if name != part}
    return {**fields, "object_story_spec": {**story, "link_data": post}}


def ad(new: NewAd, token: str) -> Fields:
    return {
        "name": _name(new.name, token),
        "adset_id": new.ad_set_id,
        "creative": {"creative_id": new.creative_id},
        "status": "PAUSED",
    }


def _name(name: str, token: str) -> str:
    if not name.strip():
        raise RequestWrong("it has no name: give it one")
    full = named(name, token)
    if len(full) > MAX_NAME:
        raise RequestWrong(f"the name is longer than Meta takes: at most {MAX_NAME - len(full) + len(name)} letters")
    return full


def _welcome(greeting: str, first_words: str) -> str:
    return json.dumps(
        {
            "type": "VISUAL_EDITOR",
            "version": 2,
            "landing_screen_type": "welcome_message",
            "media_type": "text",
            "text_format": {
                "customer_action_type": "autofill_message",
                "message": {"text": greeting, "autofill_message": {"content": first_words}},
            },
        },
        ensure_ascii=False,
    )
