"""The HTTP API for analysts and machines."""
