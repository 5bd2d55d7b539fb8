"""Reads the brands file (TOML): numbers, currency, policies, limits."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from babel.numbers import list_currencies
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from bot.language.languages import LANGUAGES
from bot.language.money import Money
from bot.language.reading.interests import Term
from bot.language.trades import TRADES

TOPICS = ("delivery", "returns", "warranty", "payment", "hours", "location")
TERMS = ("categories", "subcategories", "features")
PURPOSES = ("reply", "order_update", "staff")


class BrandsWrong(ValueError):
    """One fault per line."""


@dataclass(frozen=True, slots=True)
class Discount:
    """Valid to the end of `valid_until` in the brand's time zone."""

    code: str
    percent: Decimal
    valid_until: date


@dataclass(frozen=True, slots=True)
class Delivery:
    """Days from payment to delivery."""

    min_days: int
    max_days: int
    free: bool


@dataclass(frozen=True, slots=True)
class AdCap:
    """In the account's currency."""

    daily_cap: Money  # never passed, not on the platform's worst day either
    approval_above: Money | None  # raises within 24 hours that come to more wait for a person; None: the brand's


@dataclass(frozen=True, slots=True)
class AdSettings:
    accounts: Mapping[str, AdCap]  # by the account's id; one that is missing here is never written to
    approval_above_usd: Decimal
    cycle_hour: int  # of the morning, in the brand's time zone
    share_patterns: bool  # whether other brands may learn from what worked here
    margin: Decimal  # share of the price that is left after the goods, where the catalogue has no cost
    test_budget_usd: Decimal  # of a new ad, a day


@dataclass(frozen=True, slots=True)
class Brand:
    id: str
    name: str
    whatsapp: tuple[str, ...]
    currency: str
    time_zone: ZoneInfo
    languages: tuple[str, ...]
    policies: Mapping[str, Mapping[str, str]]
    delivery: Delivery
    payment_link: str
    links: tuple[str, ...]
    templates: Mapping[str, str]
    daily_model_budget_usd: Decimal
    discounts: tuple[Discount, ...]
    retention_days: int
    handover_hours: int
    ads: AdSettings | None = None  # None: this brand buys no ads
    categories: Mapping[str, Term] = field(default_factory=dict)  # by the catalogue's category
    subcategories: Mapping[str, Term] = field(default_factory=dict)  # kinds of goods within the categories
    features: Mapping[str, Term] = field(default_factory=dict)  # what goods are wanted for, or with
    trades: tuple[str, ...] = ()  # of data/trades.toml: whose other makes no reply may claim to sell
    other_makes: tuple[str, ...] = ()  # and those that only this brand's file knows

    def policy(self, topic: str, language: str) -> str:
        """In the brand's first language if it lacks this one."""
        return self.policies[topic][language if language in self.languages else self.languages[0]]

    def policy_texts(self) -> tuple[str, ...]:
        """In every language."""
        return tuple(text for texts in self.policies.values() for text in texts.values())

    def pay_at(self, order_number: str) -> str:
        return self.payment_link.replace("{order}", order_number)


def _check_e164(number: str) -> None:
    try:
        right = phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException as error:
        raise ValidationError("a phone number such as +34911234567") from error
    if right != number:
        raise ValidationError(f"a phone number without spaces or dashes, here {right}")


def _check_payment_link(link: str) -> None:
    if not re.fullmatch(r"https://[a-z0-9.-]+/\S*\{order\}\S*", link) or link.count("{") != 1:
        raise ValidationError("an address that starts with https:// and has {order} once, for the order's number")


def _choice(allowed: tuple[str, ...]) -> validate.OneOf:
    return validate.OneOf(allowed, error="one of " + ", ".join(allowed))


class _DeliverySchema(Schema):
    min_days = fields.Integer(required=True, strict=True, validate=validate.Range(0, 90, error="0 to 90"))
    max_days = fields.Integer(required=True, strict=True, validate=validate.Range(0, 90, error="0 to 90"))
    free = fields.Boolean(load_default=False)

    @validates_schema(skip_on_field_errors=True)
    def _in_order(self, values: dict[str, Any], **_: Any) -> None:
        if values["max_days"] < values["min_days"]:
            raise ValidationError("not fewer than min_days", "max_days")


class _DiscountSchema(Schema):
    code = fields.String(required=True, validate=validate.Regexp(r"[A-Z0-9]{3,20}\Z", error="3 to 20 of A-Z and 0-9"))
    percent = fields.Decimal(required=True, validate=validate.Range(1, 90, error="1 to 90"))
    valid_until = fields.Raw(
        required=True,
        validate=lambda value: None if type(value) is date else _fail("a date without quotes, such as 2027-01-31"),
    )


def _fail(allowed: str) -> None:
    raise ValidationError(allowed)


def _amount_field(lowest: int, highest: int | None = None, **more: Any) -> fields.Decimal:
    wanted = f"{lowest} or more" if highest is None else f"{lowest} to {highest}"
    return fields.Decimal(validate=validate.Range(lowest, highest, error=f"a plain amount, {wanted}"), **more)


class _AdCapSchema(Schema):
    id = fields.String(
        required=True, validate=validate.Regexp(r"act_\d+\Z", error="an ad account's id, such as act_1234")
    )
    currency = fields.String(
        required=True, validate=validate.OneOf(list_currencies("en"), error="the account's currency, such as INR")
    )
    daily_cap = _amount_field(1, required=True)
    approval_above = _amount_field(0, load_default=None, allow_none=True)


class _AdsSchema(Schema):
    accounts = fields.List(fields.Nested(_AdCapSchema), load_default=list)
    approval_above_usd = _amount_field(0, load_default=Decimal(100))
    cycle_hour = fields.Integer(load_default=7, strict=True, validate=validate.Range(0, 23, error="an hour, 0 to 23"))
    share_patterns = fields.Boolean(load_default=False)
    margin = fields.Decimal(
        required=True, validate=validate.Range(Decimal("0.01"), 1, error="a share of the price, 0.01 to 1")
    )
    test_budget_usd = _amount_field(1, 50, load_default=Decimal(15))

    @validates_schema(skip_on_field_errors=True)
    def _once_each(self, values: dict[str, Any], **_: Any) -> None:
        ids = [account["id"] for account in values["accounts"]]
        twice = sorted({each for each in ids if ids.count(each) > 1})
        if twice:
            raise ValidationError(f"one entry for each account; {', '.join(twice)} has several", "accounts")


class _TermSchema(Schema):
    names = fields.Dict(
        keys=fields.String(
            validate=validate.Regexp(
                rf"(?:{'|'.join(LANGUAGES)})(?:-[a-z]+)?\Z",
                error="one of " + ", ".join(LANGUAGES) + ", or a way to write one, such as hi-latin",
            )
        ),
        values=fields.String(validate=validate.Length(1, 40, error="1 to 40 characters")),
        load_default=dict,
    )
    words = fields.String(load_default="")
    words_in = fields.Dict(keys=fields.String(validate=_choice(LANGUAGES)), values=fields.String(), load_default=dict)


def _terms_field() -> fields.Dict:
    ids = fields.String(validate=validate.Regexp(r"[a-z-]+\Z", error="one word in small letters a-z"))
    return fields.Dict(keys=ids, values=fields.Nested(_TermSchema), load_default=dict)


class _BrandSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 60, error="1 to 60 characters"))
    whatsapp = fields.List(
        fields.String(validate=_check_e164), required=True, validate=validate.Length(1, error="at least one number")
    )
    currency = fields.String(
        required=True,
        validate=validate.OneOf(list_currencies("en"), error="a currency's three-letter code, such as EUR"),
    )
    time_zone = fields.String(
        required=True, validate=validate.OneOf(available_timezones(), error="a time zone such as Europe/Madrid")
    )
    languages = fields.List(
        fields.String(validate=_choice(LANGUAGES)),
        required=True,
        validate=validate.Length(1, error="at least one of " + ", ".join(LANGUAGES)),
    )
    payment_link = fields.String(required=True, validate=_check_payment_link)
    links = fields.List(fields.Url(schemes={"https"}), load_default=list)
    daily_model_budget_usd = fields.Decimal(required=True, validate=validate.Range(0, error="0 or more"))
    retention_days = fields.Integer(
        load_default=365, strict=True, validate=validate.Range(1, 3650, error="1 to 3650 days")
    )
    handover_hours = fields.Integer(
        load_default=4, strict=True, validate=validate.Range(1, 168, error="1 to 168 hours")
    )
    delivery = fields.Nested(_DeliverySchema, required=True)
    ads = fields.Nested(_AdsSchema, load_default=None)
    discounts = fields.List(fields.Nested(_DiscountSchema), load_default=list)
    trades = fields.List(fields.String(validate=_choice(tuple(TRADES))), load_default=list)
    other_makes = fields.List(
        fields.String(validate=validate.Length(2, 60, error="2 to 60 characters")), load_default=list
    )
    categories = _terms_field()
    subcategories = _terms_field()
    features = _terms_field()
    templates = fields.Dict(
        keys=fields.String(validate=_choice(PURPOSES)),
        values=fields.String(
            validate=validate.Regexp(r"HX[0-9a-fA-F]{32}\Z", error="a ContentSid: HX and 32 hex digits")
        ),
        load_default=dict,
    )
    policies = fields.Dict(
        keys=fields.String(validate=_choice(TOPICS)),
        values=fields.Dict(
            keys=fields.String(validate=_choice(LANGUAGES)),
            values=fields.String(validate=validate.Length(1, 1500, error="1 to 1500 characters")),
        ),
        required=True,
    )

    @validates_schema(skip_on_field_errors=True)
    def _complete(self, values: dict[str, Any], **_: Any) -> None:
        lacking = {
            f"{topic}.{language}": ["a text: every topic needs one in each of the brand's languages"]
            for topic in TOPICS
            for language in values["languages"]
            if language not in values["policies"].get(topic, {})
        }
        if lacking:
            raise ValidationError({"policies": lacking})

    @validates_schema(skip_on_field_errors=True)
    def _distinct(self, values: dict[str, Any], **_: Any) -> None:
        # Interests are stored by id alone, and a word must stand for one category in each language.
        ids = [each for group in TERMS for each in values[group]]
        twice = sorted({each for each in ids if ids.count(each) > 1})
        if twice:
            raise ValidationError(f"one of {', '.join(TERMS)} for each; several have {', '.join(twice)}", "categories")
        shared = sorted(
            {word for language in values["languages"] for word in _words_in_several(values["categories"], language)}
        )
        if shared:
            raise ValidationError(f"each word in one category; several have {', '.join(shared)}", "categories")


def _words_in_several(categories: dict[str, Any], language: str) -> Iterator[str]:
    """Which stand for two categories or more in one language's chats."""
    words = [
        word
        for term in categories.values()
        for word in {*term["words"].split(), *term["words_in"].get(language, "").split()}
    ]
    yield from (word for word in set(words) if words.count(word) > 1)


def read_brands(path: Path) -> dict[str, Brand]:
    """By id. Raises BrandsWrong."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BrandsWrong(f"{path} is not there: copy data/brands.toml, or set BRANDS_FILE") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BrandsWrong(f"{path} is not TOML in UTF-8: {error}") from error
    faults = [f"{path}: {fault}" for fault in _faults(tables)]
    if faults:
        raise BrandsWrong("\n".join(faults))
    return {name: _brand(name, _BrandSchema().load(table)) for name, table in tables.items()}


def _faults(tables: dict[str, Any]) -> Iterator[str]:
    if not tables:
        yield "at least one brand is needed, as a table such as [voyage]"
    owners: dict[str, str] = {}
    for name, table in tables.items():
        if not re.fullmatch(r"[a-z0-9_-]+", name) or not isinstance(table, dict):
            yield f"{name}: must be a table named by small letters, digits, - and _, such as [voyage]"
            continue
        yield from _fault_lines(name, _BrandSchema().validate(table))
        for number in table.get("whatsapp", []):
            if owners.setdefault(str(number), name) != name:
                yield f"{name}.whatsapp: {number} belongs to {owners[str(number)]} already; a number has one brand"
    yield from _shared_accounts(tables)


def _shared_accounts(tables: dict[str, Any]) -> Iterator[str]:
    owners: dict[str, str] = {}
    for name, table in tables.items():
        for account_id in _account_ids(table):
            if owners.setdefault(account_id, name) != name:
                yield f"{name}.ads.accounts: {account_id} belongs to {owners[account_id]} already; an account has one brand"


def _account_ids(table: Any) -> list[str]:
    # Wrong shapes are skipped here; the schema reports them.
    ads = table.get("ads") if isinstance(table, dict) else None
    accounts = ads.get("accounts") if isinstance(ads, dict) else None
    return [str(each.get("id")) for each in accounts if isinstance(each, dict)] if isinstance(accounts, list) else []


def _fault_lines(key: str, problems: Any) -> Iterator[str]:
    """`voyage.delivery.min_days: must be 0 to 90` for every leaf of marshmallow's messages."""
    if isinstance(problems, dict):
        for name, inner in problems.items():
            yield from _fault_lines(key if name in ("value", "key", "_schema") else f"{key}.{name}", inner)
        return
    for problem in problems:
        yield f"{key}: must be {problem}" if problem[0].islower() or problem[0].isdigit() else f"{key}: {problem}"


def _brand(name: str, values: dict[str, Any]) -> Brand:
    return Brand(
        id=name,
        whatsapp=tuple(values.pop("whatsapp")),
        time_zone=ZoneInfo(values.pop("time_zone")),
        languages=tuple(values.pop("languages")),
        links=tuple(values.pop("links")),
        trades=tuple(values.pop("trades")),
        other_makes=tuple(values.pop("other_makes")),
        delivery=Delivery(**values.pop("delivery")),
        discounts=tuple(Discount(**discount) for discount in values.pop("discounts")),
        ads=_ads(values.pop("ads")),
        categories=_terms_from(values.pop("categories")),
        subcategories=_terms_from(values.pop("subcategories")),
        features=_terms_from(values.pop("features")),
        **values,
    )


def _terms_from(tables: dict[str, Any]) -> dict[str, Term]:
    return {
        each: Term(
            names=table["names"],
            words=tuple(table["words"].split()),
            words_in={language: tuple(words.split()) for language, words in table["words_in"].items()},
        )
        for each, table in tables.items()
    }


def _ads(values: dict[str, Any] | None) -> AdSettings | None:
    if values is None:
        return None
    caps = {}
    for account in values.pop("accounts"):
        currency, above = account["currency"], account["approval_above"]
        approval_above = None if above is None else Money(above, currency)
        caps[account["id"]] = AdCap(Money(account["daily_cap"], currency), approval_above)
    return AdSettings(accounts=caps, **values)


@dataclass(frozen=True, slots=True)
class BrandNumbers:
    brands: Mapping[str, Brand]  # by id
    sender: str = ""  # TWILIO_WHATSAPP_FROM; where no brand claims it, it is the first brand's

    def brand_of(self, number: str) -> str | None:
        """None for a number of no brand; a single brand gets every number."""
        for brand in self.brands.values():
            if number in brand.whatsapp:
                return brand.id
        return next(iter(self.brands)) if len(self.brands) == 1 or number == self.sender else None

    def number_of(self, brand: str) -> str:
        """The account's own sender if this brand has it."""
        own = self.brands[brand].whatsapp
        return self.sender if self.sender and self.brand_of(self.sender) == brand else own[0]

    def all(self) -> list[str]:
        """Every number that customers may write to."""
        claimed = [number for brand in self.brands.values() for number in brand.whatsapp]
        return list(dict.fromkeys([*filter(None, [self.sender]), *claimed]))
