"""Renders a Vega-Lite spec as PNG, one process per picture."""

from __future__ import annotations

import sys

import vl_convert  # once used, it keeps threads and 100 MB, and a process that forks after that hangs

SCALE = 2.5  # a phone's screen has two or three dots for each of the spec's


def main() -> None:
    """Spec on stdin, PNG on stdout."""
    spec = sys.stdin.read()
    picture = vl_convert.vegalite_to_png(spec, scale=SCALE, allowed_base_urls=[])  # fetches no URL
    sys.stdout.buffer.write(picture)


if __name__ == "__main__":
    main()
