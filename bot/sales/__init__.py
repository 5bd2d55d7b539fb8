"""The desk: reads what a customer wants and answers from the catalogue, the order book and memory."""
