"""Greetings, thanks, questions about remembered facts, and the fallback answer."""

from __future__ import annotations

from typing import Final

from bot.language.amounts import find_amounts
from bot.language.money import Money
from bot.language.normalisation import fold
from bot.language.reading.message_type import Classification
from bot.language.scripts import Script, language_name, script_of
from bot.sales.answering.built_in import mentioned_items
from bot.sales.answering.built_in.answer import BuiltInAnswer
from bot.sales.understanding import topics
from bot.sales.understanding.interests import last_interest
from memory.people.facts import Fact

MOST_FAILED: Final = 2  # answers in a row that did not help, before a person takes over
NOT_HELPED: Final = "two answers did not help"
# Facts about themselves that are acknowledged where the message says nothing else.
NOTED: Final = ("city", "budget", "address", "birthday", "size", "shoe_size", "clothing_size", "owns", "disliked")
# For a message of known type with unknown words: "I want to order" something that is not sold.
LINE_OF_TYPE: Final = {
    "order": "what_to_order",
    "product_inquiry": "nothing",
    "pricing_discount": "nothing",
    "opt_out": "how_to_stop",
}
_CUES: Final = (
    (topics.HOW_ARE_YOU, "how_are_you"),
    (topics.WHO_ARE_YOU, "who_are_you"),
    (topics.GIFT, "gift"),
    (topics.OFF_TOPIC, "off_topic"),
)


def fallback(answer: BuiltInAnswer) -> str:
    text = fold(answer.situation.text)
    if (
        topics.is_greeting(text)
        or topics.GREETING.match(text)
        or answer.situation.classification.message_type == "greeting"
    ):
        return _greet(answer)
    if answer.has_learned("name"):
        return answer.say("nice_to_meet", who=answer.situation.name)
    if answer.situation.classification.message_type == "thanks_goodbye":
        return answer.say("thanks", name=answer.name_suffix)
    if any(map(answer.has_learned, NOTED)):
        return answer.say("noted")
    return _unclear(answer)


def _greet(answer: BuiltInAnswer) -> str:
    interest = last_interest(answer.situation.interests, answer.categories, answer.wording)
    if interest:
        currency = answer.situation.currency
        return answer.say("welcome_back", name=answer.name_suffix, interest=interest, currency=currency)
    if any(message.role == "assistant" for message in answer.situation.history):
        return answer.say("hello_again", name=answer.name_suffix)
    return answer.say("hello", name=answer.name_suffix, brand=answer.situation.brand.name, kinds=answer.kinds())


def _unclear(answer: BuiltInAnswer) -> str:
    kind = answer.situation.classification.message_type
    if kind in LINE_OF_TYPE:
        return answer.say(LINE_OF_TYPE[kind], kinds=answer.kinds())
    # What has no words, or none that the shop could read, is no failed answer.
    script = script_of(answer.situation.text)
    if script is Script.NONE:
        return answer.say("no_words")
    if script is Script.FOREIGN:
        names = [language_name(each, answer.wording.policy_language) for each in answer.situation.brand.languages]
        return answer.say("not_spoken", languages=answer.wording.listed(names))
    answer.draft.failed = True
    if answer.situation.contact.failed_answers + 1 >= MOST_FAILED:
        return answer.hand_over(NOT_HELPED, "give_up")
    return answer.say("what_is_wrong" if kind == "support_request" else "unclear")


def remembered(answer: BuiltInAnswer, _part: str, plain: str, _kind: Classification) -> list[str]:
    """ "what is my size?" and the like."""
    predicates = topics.asked_facts(plain)
    if not predicates:
        return []
    told = [fact for fact in answer.situation.known if fact.predicate in predicates]
    if any(map(answer.is_news, told)):
        return []  # "remember my name is John" tells it
    if not told:
        return [answer.say("not_told", what=answer.say(f"fact_{predicates[0]}"))]
    return [_told(answer, fact) for fact in told[-2:]]


def _told(answer: BuiltInAnswer, fact: Fact) -> str:
    value = answer.wording.birthday(fact.value) if fact.predicate == "birthday" else fact.value
    amounts = [Money(each.value, each.currency) for each in find_amounts(value) if each.currency]
    if fact.predicate == "budget" and amounts:
        answer.draft.amounts += (amounts[0],)
        value = answer.wording.money(amounts[0])
    day = answer.wording.date(fact.since.astimezone(answer.situation.brand.time_zone).date())
    return answer.say("told", what=answer.say(f"fact_{fact.predicate}"), value=value, date=day)


def small_talk(answer: BuiltInAnswer, part: str, plain: str, kind: Classification) -> list[str]:
    for cue, line in [] if mentioned_items.names_goods(answer, part, plain) else _CUES:
        if cue.search(plain):
            return [answer.say(line, brand=answer.situation.brand.name, kinds=answer.kinds())]
    if topics.BYE.search(plain):
        return [answer.say("bye", name=answer.name_suffix)]
    if topics.THANKS.search(plain):
        return [answer.say("thanks", name=answer.name_suffix)]
    return [_greet(answer)] if topics.is_greeting(plain) else []
