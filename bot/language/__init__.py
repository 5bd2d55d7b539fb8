"""Everything about languages: detection, amounts, money, texts, and what a message says. Imports nothing of ours."""
