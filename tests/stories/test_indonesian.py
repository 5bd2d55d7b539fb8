"""Whole dialogues in Indonesian: the language is one folder, and the desk does in it what it does in the others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.language.reading.opt_out import is_stop
from tests.stories.test_ads_by_chat import ROSTER
from tests.world import STAFF, MovableClock, World, open_shop

BUDI = "+6281234567890"
AMY = "+447700900123"
LINK = re.compile(r"https://pay\.example\.com/([A-Z]{4}-[A-Z]{4})")


@pytest.mark.parametrize("hello", ["halo", "selamat pagi", "assalamualaikum kak", "hai min", "permisi"])
def test_a_greeting_is_answered_with_one(shop: World, hello: str) -> None:
    answer = shop.person(BUDI).says(hello)
    assert "Selamat datang di Voyage" in answer
    assert "laptop, HP, aksesori dan kacamata" in answer


@pytest.mark.parametrize("yes", ["ya", "iya kak", "boleh", "iya", "YA", "jadi kak"])
def test_from_the_list_to_the_order(shop: World, yes: str) -> None:
    budi = shop.person(BUDI)
    assert "Budi" in budi.says("halo kak, nama saya Budi")
    offer = budi.says("cari laptop gaming di bawah 1500 euro")
    assert "2. *Kestrel Talon 14*: €1.449" in offer and "Orbita" not in offer
    quote = budi.says("saya mau yang kedua")
    assert "1 × Kestrel Talon 14" in quote and "€1.449" in quote and "YA atau TIDAK" in quote
    assert shop.orders(BUDI) == []
    bought = budi.says(yes)
    [order] = shop.orders(BUDI)
    assert "Terima kasih kak Budi" in bought
    assert LINK.findall(bought) == [order.number]
    assert (order.sku, order.quantity, str(order.total.amount), order.total.currency) == (
        "KR-TALON-14", 1, "1449.00", "EUR",
    )  # fmt: skip


@pytest.mark.parametrize("no", ["tidak jadi", "nggak dulu", "tidak", "gak jadi kak", "nanti dulu ya"])
def test_a_no_drops_the_quote(shop: World, no: str) -> None:
    budi = shop.person(BUDI)
    budi.says("saya mau beli norvik bolt 15")
    assert "tidak ada yang saya pesan" in budi.says(no)
    assert not LINK.search(budi.says("iya"))
    assert shop.orders(BUDI) == []


@pytest.mark.parametrize("half", ["oke", "sip", "baik kak", "iya?"])
def test_what_is_no_plain_yes_orders_nothing(shop: World, half: str) -> None:
    budi = shop.person(BUDI)
    budi.says("saya mau beli norvik bolt 15")
    budi.says(half)
    assert shop.orders(BUDI) == []


def test_cheap_phones_come_with_prices_in_rupiah_besides(shop: World) -> None:
    answer = shop.person(BUDI).says("ada hp murah?")
    assert re.search(r"1\. \*Pixon Lite 3\*: €149 \(sekitar Rp\d\.\d{3}\.\d{3} dengan kurs", answer)


@pytest.mark.parametrize("text", ["hp pavilion", "do you have hp laptops?", "hp omen price"])
def test_an_english_hp_lists_no_phones(shop: World, text: str) -> None:
    answer = shop.person(AMY).says(text)
    assert not re.search("Pixon|Aurel", answer)


def test_a_price_is_asked_of_what_was_shown(shop: World) -> None:
    budi = shop.person(BUDI)
    budi.says("norvik bolt 15 masih ada?")
    assert "€779" in budi.says("berapa harganya?")
    assert "2 × Norvik Bolt 15" in budi.says("saya mau 2")


def test_a_limit_in_millions_is_in_rupiah(shop: World) -> None:
    answer = shop.person(BUDI).says("laptop di bawah 10 juta ada?")
    assert "Orbita Book 11" in answer
    assert "Kestrel" not in answer


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("berapa 500 dolar dalam rupiah", r"US\$500 itu Rp\d\.\d{3}\.\d{3} dengan kurs"),
        ("2 juta rupiah ke euro", r"Rp2\.000\.000 itu €\d+,\d\d dengan kurs"),
        ("500rb rupiah jadi berapa dolar", r"Rp500\.000 itu US\$\d+,\d\d"),
        ("1,5 jt rupiah berapa euro", r"Rp1\.500\.000 itu €\d+,\d\d"),
    ],
)
def test_money_is_converted(shop: World, text: str, result: str) -> None:
    assert re.search(result, shop.person(BUDI).says(text))


def test_an_order_is_looked_up_and_cancelled(shop: World) -> None:
    budi = shop.person(BUDI)
    assert "tidak menemukan pesanan" in budi.says("pesanan saya di mana")
    budi.says("saya mau beli norvik bolt 15")
    budi.says("ya")
    [order] = shop.orders(BUDI)
    assert "menunggu pembayaran" in budi.says("pesanan saya di mana?")
    assert f"*{order.number}* sudah dibatalkan" in budi.says("batalkan pesanan saya")
    assert shop.orders(BUDI)[0].state == "cancelled"


def test_what_staff_do_to_an_order_is_told(shop: World) -> None:
    budi, staff = shop.person(BUDI), shop.person(STAFF)
    budi.says("saya mau beli norvik bolt 15")
    budi.says("iya")
    [order] = shop.orders(BUDI)
    for state, words in (("paid", "sudah kami terima"), ("shipped", "dalam perjalanan"), ("delivered", "sudah sampai")):
        heard = len(budi.phone.heard())
        staff.says(f"{state} {order.number}")
        assert words in budi.hears(heard + 1)[-1]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("ada diskon ga kak?", "HOLA5"), ("berapa lama pengirimannya", "2-4 hari"), ("ongkir ke bandung berapa?", "€4,90"),
        ("bisa retur ga?", "14 hari"), ("garansinya gimana", "24 bulan"), ("bisa bayar di tempat?", "transfer bank"),
        ("tokonya di mana", "Madrid"), ("buka jam berapa", "10.00-19.00"), ("makasih kak", "Sama-sama"),
        ("kamu robot ya?", "asisten toko Voyage"),
    ],
)  # fmt: skip
def test_questions_about_the_shop_are_answered(shop: World, text: str, answer: str) -> None:
    assert answer in shop.person(BUDI).says(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("barangnya rusak kak", "complaint"), ("saya kecewa, barangnya salah kirim", "complaint"),
        ("mau bicara dengan orang", "asked for a person"), ("minta cs dong", "asked for a person"),
    ],
)  # fmt: skip
def test_a_person_takes_over(shop: World, text: str, reason: str) -> None:
    budi, staff = shop.person(BUDI), shop.person(STAFF)
    staff.says("help")
    assert "rekan saya" in budi.says(text)
    told = staff.hears(2)[-1]
    assert reason in told and text in told


@pytest.mark.parametrize("word", ["berhenti", "stop kirim pesan"])
def test_stop_and_start(shop: World, word: str) -> None:
    budi = shop.person(BUDI)
    budi.says("halo")
    assert is_stop(word)
    assert "START" in budi.says(word)
    assert shop.contact(BUDI).opted_out_at is not None
    heard = budi.phone.heard()
    budi.phone.says("berapa harga norvik bolt 15?")
    shop.settled()
    assert budi.phone.heard() == heard
    assert "Pesan kami akan masuk lagi" in budi.says("mulai")
    assert shop.contact(BUDI).opted_out_at is None


def test_data_are_erased_once_that_is_confirmed(shop: World) -> None:
    budi = shop.person(BUDI)
    budi.says("halo kak, nama saya Budi")
    assert "HAPUS" in budi.says("hapus data saya")
    assert "tidak ada yang saya hapus" in budi.says("tidak")
    assert shop.contact(BUDI).name == "Budi"
    budi.says("tolong hapus semua data saya")
    assert "sedang dihapus" in budi.says("HAPUS")
    shop.forgotten(BUDI)


def test_data_are_sent_once_that_is_confirmed(shop: World) -> None:
    budi = shop.person(BUDI)
    budi.says("halo kak, nama saya Budi")
    assert "KIRIM" in budi.says("kirim data saya")
    copy = budi.says("kirim")
    assert "Nama: Budi" in copy and BUDI in copy


def test_facts_are_remembered_corrected_and_told_back(shop: World) -> None:
    budi = shop.person(BUDI)
    for text in ("nama saya Budi", "saya pindah ke Bandung", "ukuran sepatu saya 42", "ulang tahun saya 5 Mei"):
        budi.says(text)
    budi.says("saya punya iPhone 12")
    assert "Rudi" in budi.says("bukan Budi, tapi Rudi")
    known = {fact.predicate: fact.value for fact in shop.memory.facts.holding(shop.contact(BUDI).id)}
    assert known == {
        "name": "Rudi", "city": "Bandung", "shoe_size": "42", "birthday": "05-05", "owns": "iPhone 12", "language": "id",
    }  # fmt: skip
    assert "5 Mei" in budi.says("ulang tahun saya kapan?")
    assert "Bandung" in budi.says("kota saya di mana?")
    assert "Rudi" in budi.says("siapa nama saya?")
    assert "alamat" in budi.says("alamat saya apa?")


def test_an_interest_is_greeted_with(shop: World) -> None:
    budi = shop.person(BUDI)
    budi.says("ada laptop gaming?")
    assert "laptop gaming dalam IDR" in budi.says("halo kak")


def test_staff_ask_after_the_ads_in_it(tmp_path: Path, clock: MovableClock) -> None:
    roster = tmp_path / "practice.toml"
    roster.write_text(ROSTER)
    with open_shop(tmp_path, clock=clock, roster=roster, PRACTICE_DAYS_PER_HOUR="1") as shop:
        shop.program.agency.first_read()
        sam = shop.person(STAFF)
        assert "*Iklan Voyage*, sampai" in sam.says("bagaimana kampanyenya?")
        assert re.search(
            r"(?:Ya|Tidak): “Summer” in Voyage Spain .* (?:untung|rugi) ", sam.says("summer di spain untung ga?")
        )
        assert re.search(r"Keputusan terbaru|Belum ada yang diubah", sam.says("kenapa summer di spain diturunkan?"))
        asked = sam.says("jeda summer di spain")
        assert "Pertanyaan tidak mengubah apa pun" in asked and "pause" in asked
