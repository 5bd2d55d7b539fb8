"""The sales desk: answers customers from the catalogue, the orders and memory."""
