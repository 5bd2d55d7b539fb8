"""Languages: detection, amounts, money, texts, and reading of messages. Imports nothing of ours."""
