"""What people are told of the ads: answers, cards, charts."""
