"""The chart of `tools/benchmark.py`: the stages of each artifact, one bar each."""

from pathlib import Path

from deploy.benchmark import STAGES

COLORS = ("#9ecae1", "#3182bd", "#fdae6b")


def draw(path: Path, reports: list[dict]) -> None:
    """Draws the median times as stacked bars.

    Args:
        path: The PNG to write.
        reports: Of `deploy.benchmark.benchmark`.
    """
    # Only here, so that a device needs no Matplotlib.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 1.6 + 0.6 * len(reports)), layout="constrained")
    axes = figure.subplots()
    names = [Path(report["model"]).name for report in reports]
    starts = [0.0] * len(reports)
    for stage, color in zip(STAGES, COLORS, strict=True):
        times = [report["stages_ms"][stage] for report in reports]
        axes.barh(names, times, left=starts, color=color, label=stage)
        starts = [start + time for start, time in zip(starts, times, strict=True)]
    for index, total in enumerate(starts):
        axes.annotate(
            f"{total:.1f}", (total, index), (4, 0), textcoords="offset points", va="center"
        )
    axes.set_xlim(0, 1.15 * max(starts))
    axes.invert_yaxis()  # the first artifact on top
    axes.set_xlabel("median milliseconds a frame")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=len(STAGES), frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    figure.savefig(partial, format="png", dpi=150)
    partial.replace(path)
