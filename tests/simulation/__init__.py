"""The queue under faults, replayed from one seed: see docs/simulation.md."""
