"""Builds the program, one module per subject; the only place that chooses implementations.

Begin at `program.assemble`: each line builds one subject.
"""
