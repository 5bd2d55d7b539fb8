"""What staff order by chat, each checked against their role by code."""
