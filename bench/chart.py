"""A chart as SVG: axes, lines with points, a legend. The same chart is always the same text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

WIDTH, HEIGHT = 720, 440
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 52, 96
"""Margins around the plane, in pixels: room for numbers, title and legend."""

COLOURS: Final = ("#1f5fa8", "#c2571a", "#2e7d4f", "#8a3b8f", "#6b6b6b", "#b03a48")
DASHES: Final = "6 4"
INK, FAINT, PAPER = "#222222", "#dddddd", "#ffffff"
LINE_PX: Final = 17
TICKS: Final = 6
"""About so many numbers stand along an axis."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis.

    Attributes:
        title: what it shows, with the unit.
        low: its least value; above 0 where it is logarithmic.
        high: its greatest value.
        logarithmic: whether equal ratios are equally long.
    """

    title: str
    low: float
    high: float
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """Where a value lies: 0 at the low end, 1 at the high end; what lies outside is put at the end."""
        held = min(max(value, self.low), self.high)
        if self.logarithmic:
            return math.log(held / self.low) / math.log(self.high / self.low)
        return (held - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Round numbers from end to end."""
        if self.logarithmic:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            every = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
            return [tick for tick in every if self.low <= tick <= self.high]
        step = _round_step((self.high - self.low) / TICKS)
        first = math.ceil(self.low / step)
        return [number * step for number in range(first, math.floor(self.high / step + 1e-9) + 1)]


@dataclass(frozen=True, slots=True)
class Series:
    """Points that belong together, in the order of x.

    Attributes:
        name: in the legend.
        points: x and y of each.
        dashed: whether it is somebody else's.
    """

    name: str
    points: Sequence[Point]
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn."""

    title: str
    x: Axis
    y: Axis
    series: Sequence[Series]


def svg(chart: Chart) -> str:
    """Draw a chart; gives the text of the file."""
    rows = len(chart.series)  # a name may be as long as the chart is wide
    height = HEIGHT + rows * LINE_PX
    root = ET.Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
        attrib={"font-family": "sans-serif", "font-size": "12"},
    )
    ET.SubElement(root, "title").text = chart.title
    ET.SubElement(root, "rect", width=str(WIDTH), height=str(height), fill=PAPER)
    _text(root, LEFT, 28, chart.title, size=15)
    _axes(root, chart)
    for number, series in enumerate(chart.series):
        colour = COLOURS[number % len(COLOURS)]
        _line(root, chart, series, colour)
        _legend(root, number, series, colour)
    ET.indent(root, " ")
    return ET.tostring(root, encoding="unicode") + "\n"


def _axes(root: ET.Element, chart: Chart) -> None:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for tick in chart.x.ticks():
        x = _x(chart, tick)
        _stroke(root, [(x, TOP), (x, bottom)], FAINT)
        _text(root, x, bottom + 18, _number(tick), anchor="middle")
    for tick in chart.y.ticks():
        y = _y(chart, tick)
        _stroke(root, [(LEFT, y), (right, y)], FAINT)
        _text(root, LEFT - 8, y + 4, _number(tick), anchor="end")
    _stroke(root, [(LEFT, TOP), (LEFT, bottom), (right, bottom)], INK)
    _text(root, (LEFT + right) / 2, bottom + 40, chart.x.title, anchor="middle")
    _text(root, LEFT, TOP - 8, chart.y.title)


def _line(root: ET.Element, chart: Chart, series: Series, colour: str) -> None:
    places = [(_x(chart, x), _y(chart, y)) for x, y in series.points]
    line = _stroke(root, places, colour, width=2)
    if series.dashed:
        line.set("stroke-dasharray", DASHES)
    for x, y in places:
        ET.SubElement(root, "circle", cx=_px(x), cy=_px(y), r="2.5", fill=colour)


def _legend(root: ET.Element, number: int, series: Series, colour: str) -> None:
    x, y = LEFT, HEIGHT - BOTTOM + 64 + number * LINE_PX
    line = _stroke(root, [(x, y - 4), (x + 24, y - 4)], colour, width=2)
    if series.dashed:
        line.set("stroke-dasharray", DASHES)
    _text(root, x + 30, y, series.name)


def _x(chart: Chart, value: float) -> float:
    return LEFT + chart.x.share(value) * (WIDTH - LEFT - RIGHT)


def _y(chart: Chart, value: float) -> float:
    return HEIGHT - BOTTOM - chart.y.share(value) * (HEIGHT - TOP - BOTTOM)


def _stroke(root: ET.Element, places: Sequence[Point], colour: str, *, width: int = 1) -> ET.Element:
    points = " ".join(f"{_px(x)},{_px(y)}" for x, y in places)
    attributes = {"stroke-width": str(width)}
    return ET.SubElement(root, "polyline", points=points, fill="none", stroke=colour, attrib=attributes)


def _text(root: ET.Element, x: float, y: float, text: str, *, anchor: str = "start", size: int = 12) -> None:
    attributes = {"text-anchor": anchor, "font-size": str(size)}
    ET.SubElement(root, "text", x=_px(x), y=_px(y), fill=INK, attrib=attributes).text = text


def _round_step(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not less."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= least * (1 - 1e-9))


def _number(value: float) -> str:
    return f"{value:,.10g}" if abs(value) < 1e-9 or abs(value) >= 1 else f"{value:.2g}"  # noqa: PLR2004 - as people write them


def _px(value: float) -> str:
    return f"{value:.1f}"
