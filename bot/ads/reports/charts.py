"""Charts: Vega-Lite spec, signed URL, PNG."""

from __future__ import annotations

import base64
import json
import re
import subprocess  # nosec B404 # the one process that is started: ours, to draw in
import sys
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from memory.ads.charts import ChartGone, Charts
from memory.ads.figures import Figures
from memory.security.secret_keys import KeyPurpose, SecretKeys
from memory.storage.errors import MemoryFault
from memory.storage.timestamps import Clock

OPEN_FOR: Final = timedelta(days=7)  # a message may wait for days until its reader writes again
PATH: Final = "/chart/{token}.png"
DRAWING: Final = Path(__file__).with_name("chart_png.py")
SECONDS_TO_DRAW: Final = 30.0
KEPT_PICTURES: Final = 64  # of some 60 kB each, by process
TOKEN: Final = re.compile(r"(\d{1,18})-(\d{1,12})-([A-Za-z0-9_-]{43})\Z")

Spec = Mapping[str, Any]
SPEND, MARGIN, PROFIT, LOSS = "#c2410c", "#1d4ed8", "#86efac", "#fca5a5"
INK, FAINT = "#1f2937", "#e5e7eb"


class UnknownChart(MemoryFault):
    """The URL was never issued."""


class NotDrawn(Exception):
    """The text says why."""


def daily_chart(title: str, note: str, lines: Sequence[Figures]) -> dict[str, Any]:
    """Spend, margin and profit by day, oldest first. Raises ValueError unless `lines` have one currency.

    `note`: the subtitle. Days that may be restated are paler.
    """
    currencies = {line.currency for line in lines}
    if len(currencies) != 1:
        raise ValueError("a chart shows one currency; convert the others first")
    values = [_point(line) for line in lines]
    day = {
        "field": "day",
        "type": "temporal",
        "title": None,
        "scale": {"type": "utc", "padding": 16},  # a day is a day, wherever the server stands
        "axis": {"format": "%-d %b", "tickCount": min(len(values), 4), "grid": False},
    }
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": 400,
        "height": 270,
        "background": "white",
        "padding": 12,
        "title": {"text": _latin(title), "subtitle": note.split("\n"), "anchor": "start", "limit": 440, "fontSize": 19, "subtitleFontSize": 15,
                  "subtitleColor": INK, "color": INK, "offset": 12},
        "data": {"values": values},
        "layer": [
            _bars(day, next(iter(currencies)), len(values)),
            *(_line(day, name, color) for name, color in (("spend", SPEND), ("margin", MARGIN))),
        ],
        "config": {
            "axis": {"labelFontSize": 16, "titleFontSize": 16, "gridColor": FAINT, "labelColor": INK, "titleColor": INK},
            "legend": {"labelFontSize": 16, "orient": "top", "title": None, "symbolSize": 160, "labelColor": INK},
            "view": {"stroke": None},
        },
    }  # fmt: skip


def _bars(day: Spec, currency: str, days: int) -> dict[str, Any]:
    return {
        "mark": {"type": "bar", "width": max(min(300 // max(days, 1), 40), 2)},
        "encoding": {
            "x": day,
            "y": {
                "field": "profit",
                "type": "quantitative",
                "title": f"{currency} a day",
                "axis": {"labelExpr": "format(datum.value, '~s')"},
            },
            "color": {
                "field": "kind",
                "type": "nominal",
                "scale": {"domain": ["spend", "margin", "profit", "loss"], "range": [SPEND, MARGIN, PROFIT, LOSS]},
            },
            "opacity": {"condition": {"test": "datum.moving", "value": 0.45}, "value": 1},
        },
    }


def _line(day: Spec, name: str, color: str) -> dict[str, Any]:
    return {
        "mark": {
            "type": "line",
            "strokeWidth": 3,
            "strokeJoin": "round",
            "point": {"size": 30, "filled": True, "color": color},
        },
        "encoding": {"x": day, "y": {"field": name, "type": "quantitative"}, "color": {"datum": name}},
    }


def _point(line: Figures) -> dict[str, Any]:
    profit = float(line.profit.amount)
    return {
        "day": line.until.isoformat(),
        "spend": float(line.spend.amount),
        "margin": float(line.margin.amount),
        "profit": profit,
        "kind": "loss" if profit < 0 else "profit",
        "moving": line.moving,
    }


def _latin(text: str) -> str:
    # Other scripts need fonts that a server may lack.
    kept = "".join(each for each in text if not each.isalpha() or unicodedata.name(each, "").startswith("LATIN"))
    return re.sub(r"\s+", " ", "".join(each for each in kept if unicodedata.category(each)[0] != "M")).strip()


@dataclass(frozen=True, slots=True)
class Gallery:
    """Expiring URLs, signed."""

    charts: Charts
    keys: SecretKeys
    public_url: str  # where Twilio and the reader reach this program
    clock: Clock  # the real one
    _drawing: threading.Lock = field(default_factory=threading.Lock)

    def share(self, brand: str, spec: Spec) -> str:
        """Valid for `OPEN_FOR`."""
        end = (self.clock() + OPEN_FOR).replace(microsecond=0)
        number = self.charts.keep(brand, spec, end)
        moment = int(end.timestamp())
        signature = self.keys.sign(KeyPurpose.CHARTS, _signed_text(number, moment))
        token = f"{number}-{moment}-{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
        return self.public_url.rstrip("/") + PATH.format(token=token)

    def picture(self, token: str) -> bytes:
        """PNG. Raises UnknownChart, ChartGone (expired), NotDrawn."""
        read = TOKEN.match(token)
        if read is None or not self._is_ours(int(read[1]), int(read[2]), read[3]):
            raise UnknownChart("there is no such chart; send “chart” for one")
        if datetime.fromtimestamp(int(read[2]), UTC) <= self.clock():
            raise ChartGone("this chart's address has run out; send “chart” for a new one")
        spec = json.dumps(self.charts.spec(int(read[1])), sort_keys=True)
        with self._drawing:  # one renderer at a time: each takes a processor and 190 MB
            return png(spec)

    def _is_ours(self, number: int, moment: int, signature: str) -> bool:
        given = base64.urlsafe_b64decode(f"{signature}=")
        return self.keys.signed(KeyPurpose.CHARTS, _signed_text(number, moment), given)


def _signed_text(number: int, moment: int) -> str:
    return f"hawker chart {number} {moment}"


@lru_cache(maxsize=KEPT_PICTURES)
def png(spec: str) -> bytes:
    """Renders in a subprocess. Raises NotDrawn."""
    command = [sys.executable, "-I", str(DRAWING)]
    try:
        done = subprocess.run(  # nosec B603 # no shell, no argument from outside: the spec goes in as data
            command, input=spec.encode(), capture_output=True, timeout=SECONDS_TO_DRAW, check=False
        )
    except subprocess.TimeoutExpired as late:
        raise NotDrawn(f"the chart was not drawn within {SECONDS_TO_DRAW:.0f} seconds; ask again") from late
    if done.returncode or not done.stdout.startswith(b"\x89PNG"):
        raise NotDrawn(f"the chart could not be drawn: {done.stderr.decode(errors='replace').strip()[-300:]}")
    return done.stdout
