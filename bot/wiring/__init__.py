"""Puts the parts together, one module per subject. Nothing else knows which part is real.

`program.assemble` is where to begin: each line of it builds one subject, and the modules beside it say from what.
"""
