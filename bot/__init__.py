"""What Hawker does: it hears (web, channels), sells (sales), obeys (staff), advertises (ads)."""

import os

# One thread for numpy's sums: ours are small, and with several each answer took three times as long (14.3 ms, not 3.9).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
