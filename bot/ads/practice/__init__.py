"""Practice: ad accounts that react like Meta's, on a simulated clock. No money is spent."""

from bot.ads.practice.account import Click, PracticeAccount, PracticeChats, PracticeSale
from bot.ads.practice.book import Book
from bot.ads.practice.clock import PracticeClock
from bot.ads.practice.roster import PracticeSpec, PracticeWrong, read_practice
from bot.ads.practice.shoppers import Shoppers

__all__ = [
    "Book",
    "Click",
    "PracticeAccount",
    "PracticeChats",
    "PracticeClock",
    "PracticeSale",
    "PracticeSpec",
    "PracticeWrong",
    "Shoppers",
    "read_practice",
]
