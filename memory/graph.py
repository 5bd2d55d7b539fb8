"""How creatives, angles, landing pages, chats, leads and orders hang together, asked of the tables that hold them."""

from __future__ import annotations

# Edges are read from the tables, so there is no copy that could be stale. A node is known by its kind and its key.
GRAPH_VIEWS: tuple[str, ...] = (
    """CREATE VIEW graph_edges AS
    SELECT brand, 'campaign' AS from_kind, campaign_id AS from_key, 'IN_ACCOUNT' AS relation,
        'account' AS to_kind, account_id AS to_key FROM ad_campaigns
    UNION ALL SELECT brand, 'ad_set', ad_set_id, 'IN_CAMPAIGN', 'campaign', campaign_id FROM ad_sets
    UNION ALL SELECT brand, 'ad', ad_id, 'IN_AD_SET', 'ad_set', ad_set_id FROM ads WHERE ad_set_id IS NOT NULL
    UNION ALL SELECT brand, 'ad', ad_id, 'SHOWS', 'creative', creative_id FROM ads WHERE creative_id IS NOT NULL
    UNION ALL SELECT brand, 'ad', ad_id, 'SPEAKS_OF', 'angle', angle FROM ads
    UNION ALL SELECT DISTINCT brand, 'creative', creative_id, 'SPEAKS_OF', 'angle', angle FROM ads
        WHERE creative_id IS NOT NULL
    UNION ALL SELECT brand, 'creative', creative_id, 'HAS_FORMAT', 'format', format FROM ad_creatives
    UNION ALL SELECT a.brand, 'ad', a.ad_id, 'LEADS_TO', 'landing_page', coalesce(a.landing_page_given, c.landing_page, 'chat')
        FROM ads a LEFT JOIN ad_creatives c ON c.brand = a.brand AND c.creative_id = a.creative_id
    UNION ALL SELECT brand, 'chats', ad_id || ' ' || day, 'CAME_FROM', 'ad', ad_id FROM ad_chats
        WHERE chats > 0 GROUP BY brand, ad_id, day
    UNION ALL SELECT brand, 'leads', ad_id || ' ' || day, 'AMONG', 'chats', ad_id || ' ' || day FROM ad_chats
        WHERE leads > 0 GROUP BY brand, ad_id, day
    UNION ALL SELECT brand, 'order', coalesce(number, 'sale ' || id), 'CAME_FROM', 'chats', last_ad_id || ' ' || last_chat_day
        FROM ad_sales""",
)
