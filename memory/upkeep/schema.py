"""Every table of the database, those that others refer to first."""

from __future__ import annotations

from memory.ads.ad_tests import AD_TESTS
from memory.ads.attribution import AD_CHATS, AD_SALES
from memory.ads.campaigns import AD_ACCOUNTS, AD_CAMPAIGNS, AD_CREATIVES, AD_READINGS, AD_SETS, ADS
from memory.ads.conversion_events import AD_EVENTS

TABLES = (
    *(AD_ACCOUNTS, AD_CAMPAIGNS, AD_SETS, AD_CREATIVES, ADS, AD_READINGS),
    *(AD_CHATS, AD_SALES, AD_EVENTS, AD_TESTS),
)
