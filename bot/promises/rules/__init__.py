"""What each kind of promise must match: one module per subject, each with functions of a sentence and the facts."""
