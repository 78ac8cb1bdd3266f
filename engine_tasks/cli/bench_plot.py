"""The benchmark's chart, by matplotlib: how the aims are reached, and figures beside peers'."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from engine_tasks.bench.chart import FURTHEST, AimBar, Panel, Side, aim_bars, panels
from engine_tasks.bench.circumstances import aims_shown, disturbance_line
from engine_tasks.bench.report import Report

#: Colours that people who see no red or green tell apart too.
REACHED: Final = "#0072B2"
MISSED: Final = "#D55E00"
NO_AIM: Final = "#444444"
PEER: Final = "#8C96A1"
FAINT: Final = "#DDE1E6"
QUIET: Final = "#555555"

#: Inches: a line of aims, a line of figures, what is around a panel's figures.
AIM_LINE: Final = 0.25
SIDE_LINE: Final = 0.2
PANEL_EDGE: Final = 0.56
LEFT: Final = 0.3
#: Inches from the left: the aims, and the columns of panels; and how wide their axes are.
AIMS_AT: Final = 2.6
AIMS_WIDTH: Final = 3.6
PANELS_AT: Final = (10.75, 15.35)
PANEL_WIDTH: Final = 2.0
WIDTH: Final = 18.6
#: Inches from a panel's axes to its title: it begins where the names of the sides do.
TITLE_AT: Final = -1.45
#: Inches above and below all axes; and down to what is written over them.
HEAD: Final = 1.75
HEADINGS: Final = 1.2
FOOT: Final = 0.6
#: Dots an inch of a picture in pixels.
DPI: Final = 110


def draw(report: Report, path: Path) -> None:
    """Writes the chart as the suffix of `path` says: PNG or SVG."""
    drawn(report).savefig(path, dpi=DPI)


def drawn(report: Report) -> Figure:
    """The chart, not yet written."""
    return _Page(report).figure


class _Page:
    """Places axes by inches from the left and from the top: each line is as high as any other."""

    def __init__(self, report: Report) -> None:
        bars, placed = aim_bars(report), _placed(panels(report))
        columns_height = max((top + _height(panel) for panel, _, top in placed), default=0.0)
        self._height = HEAD + FOOT + max(len(bars) * AIM_LINE, columns_height, 1.0)
        self.figure = Figure(figsize=(WIDTH, self._height), facecolor="white")
        self._write_head(report)
        if bars:
            self._write(HEADINGS, "How the aims are reached", 12, "bold", AIMS_AT)
            self._write_verdicts()
            _draw_aims(self._axes(AIMS_AT, 0, AIMS_WIDTH, len(bars) * AIM_LINE), bars)
        if placed:
            text = "Figures beside those of others, the best on top"
            self._write(HEADINGS, text, 12, "bold", PANELS_AT[0] + TITLE_AT)
        for panel, left, top in placed:
            axes = self._axes(left, top, PANEL_WIDTH, len(panel.sides) * SIDE_LINE)
            _draw_panel(axes, panel)

    def _axes(self, left: float, top: float, width: float, height: float) -> Axes:
        bottom = self._height - HEAD - top - height
        inches = (left / WIDTH, bottom / self._height, width / WIDTH, height / self._height)
        return self.figure.add_axes(inches)

    def _write_head(self, report: Report) -> None:
        machine = report.machine
        cores = f"{machine.usable_cores} of {machine.cores} cores"
        run = f"{report.effort} run of {report.date or 'an unknown day'}"
        self._write(0.36, f"engine_tasks: {aims_shown(report)}", 17, "bold")
        self._write(0.64, f"{machine.cpu}, {cores}, {machine.python}, {machine.system}")
        self._write(0.84, f"{run}; other programs used {disturbance_line(report)}")

    def _write_verdicts(self) -> None:
        at = AIMS_AT + 2.6
        self._write(HEADINGS, "reached", 11, "bold", at, REACHED)
        self._write(HEADINGS, "missed", 11, "bold", at + 0.85, MISSED)

    def _write(
        self,
        down: float,
        text: str,
        size: float = 10,
        weight: str = "normal",
        left: float = LEFT,
        colour: str = "black",
    ) -> None:
        x, y = left / WIDTH, 1 - down / self._height
        self.figure.text(x, y, text, fontsize=size, fontweight=weight, va="center", color=colour)


def _height(panel: Panel) -> float:
    return len(panel.sides) * SIDE_LINE + PANEL_EDGE


def _placed(found: Sequence[Panel]) -> list[tuple[Panel, float, float]]:
    """Each panel with its inches from the left and from the top, in the shorter column."""
    ends = dict.fromkeys(PANELS_AT, 0.0)
    placed: list[tuple[Panel, float, float]] = []
    for panel in found:
        left = min(ends, key=lambda each: ends[each])
        placed.append((panel, left, ends[left]))
        ends[left] += _height(panel)
    return placed


def _draw_aims(axes: Axes, bars: Sequence[AimBar]) -> None:
    """A line from 1, the aim, to how many times as good the figure is; the best on top."""
    _clear(axes, len(bars))
    axes.set_xscale("log")
    axes.set_xlim(1 / FURTHEST, FURTHEST)
    ticks = [1 / 10, 1 / 3, 1, 3, 10]
    axes.set_xticks(ticks, ["10 times worse", "3", "aim", "3", "10 times better"], fontsize=8)
    axes.minorticks_off()
    axes.tick_params(axis="x", length=0, colors=QUIET, labeltop=True)
    for tick in ticks:
        at_aim = tick == 1
        axes.axvline(
            tick, color="black" if at_aim else FAINT, linewidth=1, zorder=3 if at_aim else 1
        )
    for line, bar in enumerate(bars):
        colour = REACHED if bar.reached else MISSED
        axes.hlines(line, 1, bar.times, color=colour, linewidth=5, zorder=2)
        axes.plot([bar.times], [line], "o", color=colour, markersize=9, zorder=4, clip_on=False)
        axes.annotate(
            bar.text, (1.03, line), xycoords=axes.get_yaxis_transform(), va="center", fontsize=9
        )
    axes.set_yticks(range(len(bars)), [bar.label for bar in bars], fontsize=9)
    axes.tick_params(axis="y", pad=9)


def _draw_panel(axes: Axes, panel: Panel) -> None:
    """A line a side, the best on top, on a log scale but for shares; the aim as a mark across."""
    _clear(axes, len(panel.sides))
    left, right = _limits(panel)
    if not panel.is_share:
        axes.set_xscale("log")
    axes.set_xlim(left, right)
    axes.set_xticks([])
    axes.minorticks_off()
    for line, side in enumerate(panel.sides):
        colour = _colour(side, panel)
        value = max(side.value, left)
        axes.hlines(line, left, value, color=colour, linewidth=2.2 if side.is_ours else 1.2)
        axes.plot([value], [line], "o", color=colour, markersize=7 if side.is_ours else 5)
        axes.annotate(
            side.text, (1.04, line), xycoords=axes.get_yaxis_transform(), va="center", fontsize=8.5,
            color=colour if side.is_ours else "black",
        )  # fmt: skip
    if panel.needed is not None:
        axes.axvline(panel.needed, color="black", linewidth=1, linestyle=(0, (3, 2)))
    axes.set_yticks(range(len(panel.sides)), [side.label for side in panel.sides], fontsize=8.5)
    for label, side in zip(axes.get_yticklabels(), panel.sides, strict=True):
        label.set_fontweight("bold" if side.is_ours else "normal")
    aim = f": aim {panel.aim}" if panel.aim else ""
    axes.annotate(
        f"{panel.title}{aim}",
        (TITLE_AT / PANEL_WIDTH, 1),
        xytext=(0, 6),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=9.5,
        fontweight="bold",
    )


def _clear(axes: Axes, lines: int) -> None:
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.spines["left"].set_color(FAINT)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(lines - 0.5, -0.5)


def _limits(panel: Panel) -> tuple[float, float]:
    """From well below the least figure to a little past the greatest, the aim included."""
    values = [side.value for side in panel.sides]
    values += [] if panel.needed is None else [panel.needed]
    if panel.is_share:
        return 0.0, max(*values, 1.0) * 1.05
    above = [value for value in values if value > 0] or [1.0]
    return min(above) / 2, max(above) * 1.3


def _colour(side: Side, panel: Panel) -> str:
    if not side.is_ours:
        return PEER
    if panel.reached is None:
        return NO_AIM
    return REACHED if panel.reached else MISSED
