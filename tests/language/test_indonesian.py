"""Indonesian as people type it: its words in the readers of numbers, money, names, facts, types and opt-outs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from benchmarks.messages import accuracy, judge
from bot.language.amounts import find_amounts
from bot.language.detection import detect
from bot.language.normalisation import fold
from bot.language.reading.conversion import ConversionRequest, read_conversion
from bot.language.reading.message_type import classify
from bot.language.reading.opt_out import is_start, is_stop
from bot.language.reading.statements import Learned, read_facts
from bot.sales.understanding import topics

UNSEEN = Path(__file__).parents[2] / "benchmarks" / "messages-indonesian.tsv"


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("dua puluh lima ribu rupiah", 25_000, "IDR"), ("lima ratus dua puluh lima ribu", 525_000, None),
        ("seratus lima puluh ribu", 150_000, None), ("dua belas juta", 12_000_000, None), ("sejuta", 1_000_000, None),
        ("setengah juta rupiah", 500_000, "IDR"), ("15rb", 15_000, None), ("1,5 juta", 1_500_000, None),
        ("2 jt", 2_000_000, None), ("Rp 500.000", 500_000, "IDR"), ("Rp1.500.000,00", 1_500_000, "IDR"),
        ("empat ratus euro", 400, "EUR"), ("500 perak", 500, "IDR"), ("5 dolar singapura", 5, "SGD"),
    ],
)  # fmt: skip
def test_amounts_are_read(text: str, value: int, currency: str | None) -> None:
    assert [(amount.value, amount.currency) for amount in find_amounts(text)] == [(Decimal(value), currency)]


@pytest.mark.parametrize("text", ["puluh ribu", "belas kasihan", "puluh puluh"])
def test_a_ten_without_its_digit_is_no_number(text: str) -> None:
    assert [amount.value for amount in find_amounts(text)] in ([], [Decimal(1000)])


@pytest.mark.parametrize(
    ("text", "amount", "source", "target"),
    [
        ("berapa 500 dolar dalam rupiah", 500, "USD", "IDR"), ("500 dolar berapa rupiah", 500, "USD", "IDR"),
        ("2 juta rupiah ke euro", 2_000_000, "IDR", "EUR"), ("100 euro itu berapa rupiah ya", 100, "EUR", "IDR"),
        ("1,5 jt rupiah jadi berapa dolar", 1_500_000, "IDR", "USD"), ("500rb rupiah ke ringgit", 500_000, "IDR", "MYR"),
        ("kurs dolar hari ini", 1, "USD", None), ("tampilkan harga dalam rupiah", None, None, "IDR"),
        ("itu dalam rupiah berapa", None, None, "IDR"), ("kalau dirupiahkan jadi berapa", None, None, "IDR"),
    ],
)  # fmt: skip
def test_conversions_are_read(text: str, amount: int | None, source: str | None, target: str | None) -> None:
    assert read_conversion(text) == ConversionRequest(None if amount is None else Decimal(amount), source, target)


@pytest.mark.parametrize(
    "text", ["cari laptop di bawah 1500 euro", "pesanan 500 ribu rupiah belum sampai", "budget 3 juta rupiah"]
)
def test_a_price_limit_or_a_payment_converts_nothing(text: str) -> None:
    assert read_conversion(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "halo kak", "hai kak", "hai gan ada hp?", "hai", "ada hp murah?", "brp harganya", "gak jadi deh", "udah dikirim blm", "bisa cod ga",
        "yg hitam ready?", "mau yang kedua", "assalamualaikum kak", "makasih ya", "main game lancar ga", "ada apa ya",
        "dari bandung bisa?", "saya mau", "kirim ke jakarta", "nggak dulu", "berapa?", "kapan sampai", "sama yang itu",
        "order dong kak", "ongkirnya brp gan", "bro harganya berapa", "sis ready ga",
    ],
)  # fmt: skip
def test_first_lines_are_indonesian(text: str) -> None:
    assert detect(text) == "id"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("main ek phone dhundh raha hu", "hi"), ("ye kami nahi chahiye", "hi"), ("apa ji kya haal hai", "hi"),
        ("main khush hu", "hi"), ("order late hai", "hi"), ("delivery free hai", "hi"), ("aag lagi hai", "hi"),
        ("asli aadmi chahiye", "hi"), ("hari wali chahiye", "hi"), ("15000 tak", "hi"), ("isme kya kami hai", "hi"), ("mana kar diya", "hi"),
        ("hai kya", "hi"), ("tum sab ada karo", "hi"), ("sama aapka naam", "hi"), ("dua karo bhai", "hi"),
        ("ya no lo quiero", "es"), ("no mas mensajes", "es"), ("dia de entrega", "es"), ("cuanto por la lima", "es"),
        ("dan descuento?", "es"), ("para hoy", "es"), ("mau atendimento", "pt"), ("qual dia chega", "pt"),
        ("tem para hoje", "pt"), ("sim quero mais", "pt"), ("the main one please", "en"), ("5 min", "en"),
        ("ya i want it", "en"), ("same order bro", "en"), ("total price?", "en"), ("is it air cooled", "en"),
        ("do you have hp laptops", "en"), ("can i order more", "en"), ("bank transfer ok?", "en"),
        ("hp pavilion", "en"), ("hp omen price", "en"),
    ],
)  # fmt: skip
def test_what_others_write_is_not_indonesian(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize("previous", ["en", "es", "pt", "hi"])
def test_shared_words_change_no_conversation(previous: str) -> None:
    for word in ("order", "main", "ya", "dari", "min", "bro", "promo", "total", "cancel", "dua", "hp"):
        assert detect(word, previous) == previous, word


@pytest.mark.parametrize("previous", ["en", "es", "pt", "hi"])
def test_a_conversation_changes_to_indonesian(previous: str) -> None:
    assert detect("berapa harganya kak", previous) == "id"
    assert detect("saya mau yang kedua", previous) == "id"


@pytest.mark.parametrize("text", ["ok", "2", "👍", "iphone 15 pro max 256 gb", "order", "cancel", "hai", "no"])
def test_what_tells_little_keeps_indonesian(text: str) -> None:
    assert detect(text, "id") == "id"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nama saya Budi", [Learned("name", "Budi")]), ("namaku Siti Rahma", [Learned("name", "Siti Rahma")]),
        ("halo kak, saya Dewi", [Learned("name", "Dewi")]), ("nama saya bukan Budi, tapi Rudi", [Learned("name", "Rudi")]),
        ("bukan Budi, tapi Rudi", [Learned("name", "Rudi")]), ("saya pindah ke Bandung", [Learned("city", "Bandung")]),
        ("sekarang saya tinggal di Surabaya kak", [Learned("city", "Surabaya")]),
        ("saya dari Medan", [Learned("city", "Medan")]), ("ukuran sepatu saya 42", [Learned("shoe_size", "42")]),
        ("saya pakai baju ukuran XL", [Learned("clothing_size", "XL")]),
        ("ulang tahun saya 5 Mei", [Learned("birthday", "05-05")]),
        ("saya lahir tanggal 17 Agustus 1995", [Learned("birthday", "1995-08-17")]),
        ("saya punya iPhone 12", [Learned("owns", "iPhone 12")]), ("hp saya Redmi Note 9", [Learned("owns", "Redmi Note 9")]),
        ("saya udah gak punya laptop lagi", [Learned("owns", "laptop", ended=True)]),
        ("saya nggak suka Samsung", [Learned("disliked", "Samsung")]),
        ("alamat saya Jalan Merdeka 10, Bandung", [Learned("address", "Jalan Merdeka 10, Bandung")]),
        ("saya tidak tinggal di Jakarta lagi", [Learned("city", "Jakarta", ended=True)]),
    ],
)  # fmt: skip
def test_facts_are_read(text: str, told: list[Learned]) -> None:
    assert [(f.predicate, f.value, f.ended) for f in read_facts(text, "id")] == [
        (f.predicate, f.value, f.ended) for f in told
    ]


@pytest.mark.parametrize(
    "text",
    [
        "saya mau beli laptop", "saya punya pertanyaan", "kalau saya tinggal di Bandung gimana?", "kakak saya tinggal di Medan",
        "bukan Talon, tapi Raptor", "saya dari tadi nunggu", "teman saya bilang ukuran sepatu saya 42", "hp saya rusak",
        "kirim ke Bandung bisa?", "saya Mau pesan", "saya tidak suka harganya", "dengan senang hati", "ini Samsung ya?",
        "ulang tahun istri saya 5 Mei",
    ],
)  # fmt: skip
def test_nothing_is_read_that_is_not_said(text: str) -> None:
    assert read_facts(text, "id") == []


@pytest.mark.parametrize("text", ["berhenti", "Stop kirim pesan", "BERHENTI!", "jangan kirim pesan lagi", "unreg"])
def test_it_stops(text: str) -> None:
    assert is_stop(text)


@pytest.mark.parametrize("text", ["mulai", "Mulai lagi.", "aktifkan"])
def test_it_starts(text: str) -> None:
    assert is_start(text)


@pytest.mark.parametrize("text", ["jangan berhenti", "mulai dari harga berapa", "batal", "tidak", "berhenti di mana"])
def test_a_sentence_neither_stops_nor_starts(text: str) -> None:
    assert not is_stop(text)
    assert not is_start(text)


@pytest.mark.parametrize(
    ("text", "message_type"),
    [
        ("halo kak selamat malam", "greeting"), ("permisi gan mau nanya", "greeting"),
        ("laptop yg ringan buat kerja apa kak", "product_inquiry"), ("ada earphone yang murah ga gan", "product_inquiry"),
        ("750 ribu rupiah jadi berapa dolar", "currency_conversion"), ("bisa bayar di tempat ga", "support_request"),
        ("gak jadi pesan kak", "support_request"), ("tolong batalkan orderan saya", "support_request"),
        ("gw ambil yang kedua deh", "order"), ("pesenin 2 dong sis", "order"), ("paket gw dmn ya", "order_status"),
        ("udah dikirim blm min", "order_status"), ("brp harganya gan", "pricing_discount"), ("ada diskon ga sis", "pricing_discount"),
        ("bisa dicicil kak?", "pricing_discount"), ("barang gw rusak nih", "complaint_refund"),
        ("balikin duit saya", "complaint_refund"), ("makasih bro", "thanks_goodbye"), ("oke kak trims ya", "thanks_goodbye"),
        ("mau ngomong sama admin dong", "human_handoff"), ("tolong hubungi saya kak", "human_handoff"),
        ("jangan kirim iklan dong", "opt_out"), ("gak mau dapet promo lg", "opt_out"), ("besok ujan ga ya", "other"),
        ("nyanyiin lagu dong", "other"),
    ],
)  # fmt: skip
def test_types_are_told(text: str, message_type: str) -> None:
    assert classify(text).message_type == message_type


def test_messages_that_the_phrases_do_not_hold_are_told() -> None:
    judged = judge(UNSEEN)
    assert len(judged) == 60
    assert accuracy(judged) >= 90


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("ongkir ke bandung berapa", "delivery"), ("bisa retur ga", "returns"), ("garansinya berapa lama", "warranty"),
        ("ada diskon?", "discount"), ("tokonya di mana", "location"), ("buka jam berapa", "hours"),
        ("bisa transfer?", "payment"), ("yang hitam ready?", "stock"),
    ],
)  # fmt: skip
def test_topics_are_found(text: str, topic: str) -> None:
    assert topic in topics.topics_in(fold(text))
