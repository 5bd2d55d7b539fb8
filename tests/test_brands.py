from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bot.brands import TOPICS, AdCap, AdSettings, BrandNumbers, BrandsWrong, read_brands
from bot.language.languages import LANGUAGES
from bot.language.money import Money

FILE = Path(__file__).parents[1] / "data" / "brands.toml"
SHIPPED = FILE.read_text(encoding="utf-8")
VOYAGE = read_brands(FILE)["voyage"]
OURS = "+34911222333"


def changed(tmp_path: Path, old: str, new: str) -> Path:
    assert old in SHIPPED
    file = tmp_path / "brands.toml"
    file.write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
    return file


def test_the_shipped_brand_speaks_on_every_topic_in_every_language() -> None:
    voyage = read_brands(FILE)["voyage"]
    texts = {voyage.policy(topic, language) for topic in TOPICS for language in LANGUAGES}
    assert len(texts) == len(TOPICS) * len(LANGUAGES) == len(voyage.policy_texts())
    assert voyage.discounts[0].valid_until == date(2027, 1, 31)
    assert voyage.daily_model_budget_usd == Decimal("5.00")
    assert voyage.handover_hours == 4


def test_an_order_is_paid_at_the_brands_own_address() -> None:
    assert read_brands(FILE)["voyage"].pay_at("VY-10023") == "https://pay.example.com/VY-10023"


def test_a_language_the_brand_does_not_have_gets_its_first(tmp_path: Path) -> None:
    brand = read_brands(changed(tmp_path, '["en", "es", "pt", "hi", "id"]', '["es"]'))["voyage"]
    assert brand.policy("hours", "hi") == brand.policy("hours", "es")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('currency = "EUR"', 'currency = "EURO"', "voyage.currency: must be a currency's three-letter code"),
        ('"+14155238886"', '"415 523 8886"', "voyage.whatsapp.0: must be a phone number"),
        ('"+14155238886"', '"+1 415 523 8886"', "here +14155238886"),
        ("Europe/Madrid", "Madrid", "voyage.time_zone: must be a time zone such as"),
        ('"id"]', '"fr"]', "voyage.languages.4: must be one of en, es, pt, hi, id"),
        ("min_days = 2", "min_days = 5", "voyage.delivery.max_days: must be not fewer than min_days"),
        ("{order}", "", "voyage.payment_link: must be an address that starts with https:// and has {order}"),
        ("https://pay", "http://pay", "voyage.payment_link: must be"),
        ("percent = 5", "percent = 95", "voyage.discounts.0.percent: must be 1 to 90"),
        ("valid_until = 2027-01-31", 'valid_until = "soon"', "voyage.discounts.0.valid_until: must be a date"),
        ("handover_hours = 4", "handover_hours = 0", "voyage.handover_hours: must be 1 to 168 hours"),
        ("handover_hours = 4", "hand_over_hours = 4", "voyage.hand_over_hours: Unknown field"),
        ('# reply = "HX…"', 'reply = "hello"', "voyage.templates.reply: must be a ContentSid"),
        ("[voyage.policies.hours]", "[voyage.policies.ours]", "voyage.policies.ours: must be one of delivery"),
        ('hi = "हम सोमवार', 'pt_pt = "हम सोमवार', "voyage.policies.hours.pt_pt: must be one of en"),
        ("[voyage.features.camera]", "[voyage.features.Camera]", "voyage.features.Camera: must be one word"),
        ("[voyage.features.camera]", "[voyage.features.mice]", "several have mice"),
        ("accessory accessories", "accessory laptop", "each word in one category; several have laptop"),
        ('id = "hp" }', 'id = "laptop" }', "each word in one category; several have laptop"),
        ('id = "hp" }', 'fr = "hp" }', "voyage.categories.smartphones.words_in.fr: must be one of en"),
        ('hi-latin = "chashme"', 'fr = "lunettes"', "voyage.categories.eyewear.names.fr: must be one of en"),
        ('margin = "0.35"', "", "voyage.ads.margin: Missing data"),
        ('margin = "0.35"', 'margin = "35"', "voyage.ads.margin: must be a share of the price"),
        ("cycle_hour = 7", "cycle_hour = 24", "voyage.ads.cycle_hour: must be an hour, 0 to 23"),
        (
            'test_budget_usd = "15"',
            'test_budget_usd = "80"',
            "voyage.ads.test_budget_usd: must be a plain amount, 1 to 50",
        ),
        *[
            ("[[voyage.discounts]]", f"[[voyage.ads.accounts]]\n{wrong}\n[[voyage.discounts]]", says)
            for wrong, says in (
                ('id = "act_1"\ncurrency = "INR"', "voyage.ads.accounts.0.daily_cap: Missing data"),
                ('id = "act_1"\ndaily_cap = "5"', "voyage.ads.accounts.0.currency: Missing data"),
                ('id = "1"\ncurrency = "INR"\ndaily_cap = "5"', "voyage.ads.accounts.0.id: must be an ad account's id"),
                ('id = "act_1"\ncurrency = "INR"\ndaily_cap = "0"', "daily_cap: must be a plain amount, 1 or more"),
            )
        ],
        ("[voyage]", "[voyage", "is not TOML"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(tmp_path: Path, old: str, new: str, says: str) -> None:
    file = changed(tmp_path, old, new)
    with pytest.raises(BrandsWrong) as refused:
        read_brands(file)
    assert says in str(refused.value)
    assert str(file) in str(refused.value)


def test_a_missing_text_is_named(tmp_path: Path) -> None:
    line = next(line for line in SHIPPED.splitlines() if line.startswith("pt = ") and "Atendemos" in line)
    with pytest.raises(BrandsWrong, match=r"voyage\.policies\.hours\.pt: must be a text"):
        read_brands(changed(tmp_path, line + "\n", ""))


def test_a_number_belongs_to_one_brand(tmp_path: Path) -> None:
    file = tmp_path / "brands.toml"
    file.write_text(SHIPPED + SHIPPED.replace("[voyage", "[second").replace("[[voyage", "[[second"), encoding="utf-8")
    with pytest.raises(BrandsWrong, match=r"second\.whatsapp: .* belongs to voyage already"):
        read_brands(file)


ACCOUNT = """
[[voyage.ads.accounts]]
id = "act_1"
currency = "INR"
daily_cap = "5000.50"
approval_above = "900"
"""


def test_the_shipped_brand_has_ads_and_no_account_yet() -> None:
    assert read_brands(FILE)["voyage"].ads == AdSettings({}, Decimal(100), 7, False, Decimal("0.35"), Decimal(15))


def test_caps_are_read(tmp_path: Path) -> None:
    file = tmp_path / "brands.toml"
    file.write_text(SHIPPED + ACCOUNT, encoding="utf-8")
    ads = read_brands(file)["voyage"].ads
    assert ads is not None
    assert ads.accounts == {"act_1": AdCap(Money(Decimal("5000.50"), "INR"), Money(Decimal(900), "INR"))}


def test_an_ad_account_has_one_brand_and_one_entry(tmp_path: Path) -> None:
    file = tmp_path / "brands.toml"
    second = (
        SHIPPED.replace("[voyage", "[second").replace("[[voyage", "[[second").replace("+14155238886", "+14155238887")
    )
    file.write_text(SHIPPED + ACCOUNT + second + ACCOUNT.replace("voyage", "second"), encoding="utf-8")
    with pytest.raises(BrandsWrong, match=r"second\.ads\.accounts: act_1 belongs to voyage already"):
        read_brands(file)
    file.write_text(SHIPPED + ACCOUNT + ACCOUNT, encoding="utf-8")
    with pytest.raises(BrandsWrong, match="one entry for each account; act_1 has several"):
        read_brands(file)


def test_a_brand_without_ads_has_none(tmp_path: Path) -> None:
    kept = SHIPPED[: SHIPPED.index("[voyage.ads]")] + SHIPPED[SHIPPED.index("[[voyage.discounts]]") :]
    file = tmp_path / "brands.toml"
    file.write_text(kept, encoding="utf-8")
    assert read_brands(file)["voyage"].ads is None


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BrandsWrong, match="BRANDS_FILE"):
        read_brands(tmp_path / "none.toml")


def test_an_unclaimed_account_number_sends_for_the_first_brand() -> None:
    numbers = BrandNumbers({"voyage": VOYAGE}, OURS)
    assert numbers.number_of("voyage") == OURS
    assert numbers.brand_of(OURS) == "voyage"


def test_a_number_that_a_brand_claims_is_that_brands() -> None:
    other = replace(VOYAGE, id="other", whatsapp=(OURS,))
    numbers = BrandNumbers({"voyage": VOYAGE, "other": other}, OURS)
    assert (numbers.number_of("voyage"), numbers.number_of("other")) == (VOYAGE.whatsapp[0], OURS)
    assert numbers.brand_of(OURS) == "other"


def test_an_unclaimed_account_number_receives_for_the_first_brand() -> None:
    other = replace(VOYAGE, id="other", whatsapp=("+34600000001",))
    numbers = BrandNumbers({"voyage": VOYAGE, "other": other}, OURS)
    assert numbers.brand_of(OURS) == "voyage"
    assert numbers.brand_of("+34600000009") is None
