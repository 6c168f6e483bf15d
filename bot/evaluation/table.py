"""The short table for the terminal."""

from __future__ import annotations

from typing import Any

from .registers import NAMES
from .report import Report


def summary(report: Report) -> str:
    """The figures by register, the entities, and what else was measured."""
    agreed = report["agreement"]
    lines = [
        f"{report['messages']} messages of {report['situations']} situations that training lacks; annotators agree on "
        f"the intent of {agreed['intent']:.1%}, on danger of {agreed['at_risk']:.1%}; {report['seconds']:.0f} s",
        "",
        f"{'':<20}{'macro-F1':>9}{'right':>8}{'recall':>8}{'false':>8}{'now≥high':>10}{'at 0.05':>9}{'at 0.10':>9}",
        *(_register(NAMES[name], row) for name, row in report["registers"].items()),
        "",
        f"{'entity':<20}{'precision':>9}{'recall':>8}{'F1':>8}{'n':>8}",
    ]
    for kind, row in report["entities"]["by_kind"].items():
        lines.append(f"{kind:<20}{row['precision']:>9.3f}{row['recall']:>8.3f}{row['f1']:>8.3f}{row['n']:>8}")
    refused = ", ".join(
        f"{row['risk']['false_refusals']:.3f} {NAMES[name]}" for name, row in report["registers"].items()
    )
    lines += ["", f"taken for a request to refuse: {refused}"]
    lines += ["", f"calibration error {report['reliability']['calibration_error']:.3f}", *_costs(report)]
    return "\n".join(lines)


def _register(name: str, row: dict[str, Any]) -> str:
    danger = row["risk"]
    cells = [danger["recall"], danger["false_alarms"], danger["immediate_as_high"]]
    cells += [danger["recall_at"]["0.05"], danger["recall_at"]["0.10"]]
    shown = ["–" if cell is None else f"{cell:.3f}" for cell in cells]
    widths = (8, 8, 10, 9, 9)
    rest = "".join(f"{cell:>{width}}" for cell, width in zip(shown, widths, strict=True))
    return f"{name:<20}{row['macro_f1']:>9.3f}{row['accuracy']:>8.3f}{rest}"


def _costs(report: Report) -> list[str]:
    lines = []
    if "timing" in report:
        cost = report["timing"]
        lines.append(
            f"one core: {cost['wall_p50_ms']:.1f} ms a message (95 %: {cost['wall_p95_ms']:.1f} ms), the core works "
            f"{cost['cpu_p50_ms']:.1f} ms; {cost['rss_mb']:.0f} MB; models {sum(report['sizes_mb'].values()):.0f} MB"
        )
    for row in report.get("learning_curve", []):
        lines.append(
            f"linear model on {row['share']:.0%} of the situations ({row['situations']:.0f}): macro-F1 "
            f"{row['typed']:.3f} as typed, {row['bare']:.3f} without diacritics"
        )
    if "cross_validation" in report:
        found = report["cross_validation"]
        lines.append(
            f"linear models in {found['folds']} folds: macro-F1 {found['intents']['typed']['macro_f1']:.3f}, recall "
            f"{found['risk']['typed']['recall']:.3f} at false alarms {found['risk']['typed']['false_alarms']:.3f}"
        )
    return lines
