"""Reports on the ads: answers, cards, charts."""
