"""One secret, a key for each purpose, and rotation."""

from __future__ import annotations

import pytest

from memory.security.secret_keys import KeyPurpose, NotOurs, SecretKeys, SecretTooShort, derived, hkdf

OLD, NEW = "the secret of last year is long enough to sign", "the secret of this year is long enough to sign"
BEFORE, BETWEEN, AFTER = SecretKeys.of(OLD), SecretKeys.of(f"{NEW}, {OLD}"), SecretKeys.of(NEW)

# RFC 5869, appendix A: test cases 1 and 3.
VECTORS = [
    (
        "000102030405060708090a0b0c",
        "f0f1f2f3f4f5f6f7f8f9",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    (
        "",
        "",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ),
]


@pytest.mark.parametrize(("salt", "label", "key"), VECTORS)
def test_hkdf_gives_the_keys_of_its_rfc(salt: str, label: str, key: str) -> None:
    made = hkdf(bytes.fromhex("0b" * 22), bytes.fromhex(salt), bytes.fromhex(label), 42)
    assert made.hex() == key


def test_no_two_purposes_share_a_key() -> None:
    assert len({derived(OLD, purpose) for purpose in KeyPurpose} | {OLD.encode()}) == len(KeyPurpose) + 1


@pytest.mark.parametrize("purpose", KeyPurpose)
def test_new_signs_and_all_verify(purpose: KeyPurpose) -> None:
    signature = BEFORE.sign(purpose, "text")
    assert BETWEEN.signed(purpose, "text", signature)
    assert not AFTER.signed(purpose, "text", signature)
    assert AFTER.signed(purpose, "text", BETWEEN.sign(purpose, "text"))
    assert not BETWEEN.signed(purpose, "another text", signature)


@pytest.mark.parametrize("purpose", KeyPurpose)
def test_a_signature_for_one_purpose_is_none_for_another(purpose: KeyPurpose) -> None:
    for other in set(KeyPurpose) - {purpose}:
        assert not BEFORE.signed(other, "text", BEFORE.sign(purpose, "text"))


def test_what_is_sealed_opens_under_every_secret_that_is_set() -> None:
    sealed = BEFORE.seal(KeyPurpose.REGISTER, b"a key" * 100)
    assert BETWEEN.unseal(KeyPurpose.REGISTER, sealed) == b"a key" * 100
    assert b"a key".hex() not in sealed
    assert sealed != BEFORE.seal(KeyPurpose.REGISTER, b"a key" * 100)
    with pytest.raises(NotOurs):
        AFTER.unseal(KeyPurpose.REGISTER, sealed)
    with pytest.raises(NotOurs):
        BEFORE.unseal(KeyPurpose.CHECKPOINTS, sealed)


@pytest.mark.parametrize("change", [lambda s: "ff" + s[2:], lambda s: s[:-2], lambda s: "", lambda s: "no hex"])
def test_a_changed_seal_does_not_open(change) -> None:  # type: ignore[no-untyped-def]
    sealed = BEFORE.seal(KeyPurpose.REGISTER, b"a key")
    with pytest.raises(NotOurs):
        BEFORE.unseal(KeyPurpose.REGISTER, change(sealed))


@pytest.mark.parametrize(
    ("setting", "secrets"),
    [
        (OLD, 1),
        ("commas, in one, secret, of long ago", 1),
        (f"{'n' * 32},{'o' * 32}\n", 2),
        (f" {'n' * 32} , {'n' * 32} ", 1),
    ],
)
def test_a_comma_separates_secrets_that_are_long_enough(setting: str, secrets: int) -> None:
    assert len(SecretKeys.of(setting).secrets) == secrets


@pytest.mark.parametrize("setting", ["", ",", "short", "n" * 32 + ",", "n" * 32 + ",short"])
def test_a_short_secret_is_refused(setting: str) -> None:
    with pytest.raises(SecretTooShort, match="32"):
        SecretKeys.of(setting)


def test_no_secret_is_shown() -> None:
    assert OLD not in repr(BETWEEN)
