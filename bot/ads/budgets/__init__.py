"""How much each ad gets today: what is believed of it, the allocation, the losing-ad test."""
