"""Practice: simulated ad accounts on a clock of their own. No money is spent."""

from bot.ads.practice.account import Click, PracticeAccount, PracticeChats, PracticeSale
from bot.ads.practice.account_list import PracticeSpec, PracticeWrong, read_practice
from bot.ads.practice.accounts import PracticeAccounts
from bot.ads.practice.clock import PracticeClock
from bot.ads.practice.customers import SimulatedCustomers
from bot.ads.practice.decisions_file import DecisionsFile

__all__ = [
    "Click",
    "DecisionsFile",
    "PracticeAccount",
    "PracticeAccounts",
    "PracticeChats",
    "PracticeClock",
    "PracticeSale",
    "PracticeSpec",
    "PracticeWrong",
    "SimulatedCustomers",
    "read_practice",
]
