"""`make bench`: ratios within one run, since machines differ."""
