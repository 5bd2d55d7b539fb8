"""Draws one chart: reads a Vega-Lite spec, writes its PNG. A program of its own, started for each picture.

The renderer keeps threads and a hundred megabytes once it was used, and a process that forks after that hangs.
"""

from __future__ import annotations

import sys

import vl_convert

SCALE = 2.5  # a phone's screen has two or three dots for each of the spec's


def main() -> None:
    """Spec on standard input, picture on standard output. No address is ever fetched for a chart."""
    spec = sys.stdin.read()
    picture = vl_convert.vegalite_to_png(spec, scale=SCALE, allowed_base_urls=[])
    sys.stdout.buffer.write(picture)


if __name__ == "__main__":
    main()
