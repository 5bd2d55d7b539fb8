from __future__ import annotations

from pathlib import Path

from tests.ads.shop import AdShop


def test_accounts_are_read_first_in_the_order_they_are_listed(tmp_path: Path) -> None:
    shop = AdShop(tmp_path, places=range(6), ads=1)
    listed = {name: list(accounts) for name, accounts in shop.agency.accounts.items()}
    shop.agency.first_read()
    rows = shop.db.all("SELECT brand, account_id FROM ads ORDER BY id")
    read = {name: list(dict.fromkeys(row["account_id"] for row in rows if row["brand"] == name)) for name in listed}
    assert read == listed
    assert max(map(len, listed.values())) >= 4, "with fewer the order could be right by chance"
