"""Draws the picture of a smoke run with the Matplotlib of the checked environment."""

import importlib.util
import json
import math

COLUMNS = 4
COLORS = ("#0072b2", "#d55e00")
"""Of the first and the second class."""


def main(answer, options):
    """Answer whether Matplotlib is there; with options["picture"] (a file of JSON), write options["path"]."""
    if importlib.util.find_spec("matplotlib") is None:
        answer.put(result="missing")
        return
    answer.put(result="found")
    if "picture" not in options:
        return
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    with open(options["picture"], encoding="utf-8") as stream:
        picture = json.load(stream)
    rows = [math.ceil(len(picture[part]) / COLUMNS) for part in ("panels", "planes")]
    legend = 0.4 + 0.25 * math.ceil(len(picture["series"]) / COLUMNS)
    height = legend + 0.4 + 2.3 * sum(rows)
    figure = plt.figure(figsize=(3 * COLUMNS, height), dpi=120, layout="constrained")
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - (legend + 0.2) / height))
    figure.suptitle(picture["head"], fontsize=12, fontweight="bold", y=1 - 0.1 / height, va="top")
    handles = [plt.Line2D([], [], color=color, label=name) for name, color in picture["series"]]
    place = {"loc": "upper center", "bbox_to_anchor": (0.5, 1 - 0.3 / height), "ncol": COLUMNS}
    figure.legend(handles=handles, fontsize=8, frameon=False, **place)
    for at, one in enumerate(picture["panels"]):
        curves(figure.add_subplot(sum(rows), COLUMNS, at + 1), one)
    for at, one in enumerate(picture["planes"]):
        plane(figure.add_subplot(sum(rows), COLUMNS, rows[0] * COLUMNS + at + 1), one)
    figure.savefig(options["path"], format="png")


def curves(axes, panel):
    """Losses over those of float64."""
    axes.plot(panel["reference"], color="#999999", linewidth=5, alpha=0.45, solid_capstyle="round")
    for line in panel["lines"]:
        losses = [math.nan if one is None else float(one) for one in line["losses"]]
        axes.plot(losses, color=line["color"], linewidth=1.2)
    margin = 0.05 * (panel["high"] - panel["low"] or 1.0)
    axes.set_ylim(panel["low"] - margin, panel["high"] + margin)
    finish(axes, panel["title"])


def plane(axes, one):
    """A decision as it was learnt, and the points that it was learnt from."""
    (left, bottom), (right, top) = one["low"], one["high"]
    shades = [[math.tanh(value or 0.0) for value in row] for row in one["values"]]
    place = {"extent": (left, right, bottom, top), "origin": "lower", "aspect": "auto"}
    axes.imshow(shades, cmap=between(), vmin=-1, vmax=1, alpha=0.6, **place)
    for second in (False, True):
        xs, ys = [[point[at] for point in one["points"] if bool(point[2]) is second] for at in (0, 1)]
        axes.scatter(xs, ys, s=22, color=COLORS[second], edgecolors="white", linewidths=0.8)
    finish(axes, "%s: %s %s" % (one["task"], one["framework"], one["device"]))


def between():
    """From one class's colour over white to the other's."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("classes", [COLORS[0], "#ffffff", COLORS[1]])


def finish(axes, title):
    """What all parts have."""
    axes.set_title(title, fontsize=9, fontweight="bold", loc="left")
    axes.tick_params(labelsize=7, colors="#666666")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
