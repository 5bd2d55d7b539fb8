"""What nobody could read: staff hear of it once, and it does not stay for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.brands import BrandNumbers
from bot.channels.twilio.whatsapp import LIMITS
from bot.delivery.set_aside import FormRetention, SetAsideNotice
from bot.delivery.staff_messages import StaffMessages
from bot.language.languages import LANGUAGES
from bot.language.words import table
from bot.roles import StaffEntry
from bot.staff.staff_members import Staff
from memory.conversations.failed_readings import FailedReadings, ReadingKind
from memory.intake.received_forms import FormIdentity, FormKind, ReceivedForms, SetAsideReason, Sorted
from memory.storage.job_runs import JobRuns
from tests.memory.stores import SHOP, Stores
from tests.sales.shop import BRANDS, COLLEAGUE

NUMBERS = BrandNumbers(BRANDS, SHOP)


class Desk:
    """A shop whose forms are set aside by hand."""

    def __init__(self, path: Path) -> None:
        self.stores = Stores(path / "hawker.db")
        db, clock, messages = self.stores.db, self.stores.clock, self.stores.messages
        self.forms = ReceivedForms(db, clock)
        staff = Staff(self.stores.contacts, [StaffEntry(COLLEAGUE, "staff")], NUMBERS)
        told = StaffMessages(db, messages, staff, LIMITS)
        self.failed = FailedReadings(db)
        self.notice = SetAsideNotice(self.forms, self.failed, JobRuns(db, clock), NUMBERS, told)

    def set_aside(self, sid: str, reason: SetAsideReason | None, to: str = SHOP) -> None:
        identity = FormIdentity(FormKind.MESSAGE, sid, our_number=to)
        self.forms.keep([self.forms.arrived(identity, [("Body", "a secret")], "")])
        [form] = self.forms.waiting(1)
        self.forms.note([Sorted(form, set_aside=reason)])

    def told(self) -> list[str]:
        rows = self.stores.db.all("SELECT content FROM messages WHERE role = 'assistant' ORDER BY id")
        return [row["content"] for row in rows]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_staff_are_told_once_of_each_with_reasons_and_where_to_look(desk: Desk) -> None:
    desk.set_aside("SM1", SetAsideReason.NO_BRAND, to="+15550001111")
    for n in range(2, 5):
        desk.set_aside(f"SM{n}", SetAsideReason.UNKNOWN_KIND)
    desk.set_aside("SM9", None)
    desk.stores.clock.pass_by(seconds=1)
    desk.notice.run()
    [text] = desk.told()
    assert "4 from WhatsApp" in text
    assert "3 × a kind of message" in text
    assert "1 × to a number that no brand has" in text
    assert "flask --app app forms" in text
    assert "secret" not in text
    desk.stores.clock.pass_by(days=1)
    desk.notice.run()
    assert len(desk.told()) == 1
    desk.set_aside("SM5", SetAsideReason.NO_SENDER)
    desk.notice.run()
    assert "1 × without a sender" in desk.told()[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_its_line(language: str) -> None:
    assert {*SetAsideReason, *ReadingKind} <= set(table(language, "set_aside"))


def test_staff_hear_once_of_what_the_background_could_not_read(desk: Desk) -> None:
    message = desk.stores.messages.get(desk.stores.hear("hi"))
    told = [desk.failed.count(ReadingKind.SUMMARY, message.contact_id, message.id, ValueError()) for _ in range(2)]
    desk.notice.run()
    assert (told, desk.told()) == ([False, False], [])
    assert desk.failed.count(ReadingKind.SUMMARY, message.contact_id, message.id, ValueError())
    for _ in range(2):
        desk.notice.run()
    [text] = desk.told()
    assert "1 × a conversation that could not be summarised" in text


def test_forms_go_a_week_after_sorting_and_set_aside_ones_with_the_messages(desk: Desk) -> None:
    desk.set_aside("SM1", None)
    desk.set_aside("SM2", SetAsideReason.NO_BRAND)
    retention = FormRetention(desk.forms, {"a": 90, "b": 30}, desk.stores.clock)
    left = []
    for days in (7, 1, 21, 2):
        desk.stores.clock.pass_by(days=days)
        retention.run()
        left.append(desk.stores.db.value("SELECT count(*) FROM received_forms"))
    assert left == [2, 1, 1, 0]


def test_where_nothing_is_deleted_set_aside_forms_stay(desk: Desk) -> None:
    desk.set_aside("SM2", SetAsideReason.NO_BRAND)
    desk.stores.clock.pass_by(days=5000)
    FormRetention(desk.forms, {}, desk.stores.clock).run()
    assert len(desk.forms.set_aside()) == 1
