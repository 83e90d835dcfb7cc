"""`make bench`: measure, print, write RESULTS.md and results.json."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import traceback
from pathlib import Path

from benchmarks import registry, results
from benchmarks.bench import MEDIA, Bench, data_folder


def main(argv: list[str] | None = None) -> int:
    """Run the sections asked for; 0 when all ran (held or missed), 1 when one broke, 2 when the media are absent."""
    args = _parser().parse_args(argv)
    if args.publish or args.catalogue:
        from benchmarks import catalogue, publishing  # they need a site, the others none

        return publishing.run(args.publish) if args.publish else catalogue.run(args.catalogue)
    if not (args.media / "labels").is_dir():
        print(
            f"The labelled media are not at {args.media}: put the collection there, or say --media FOLDER.",
            file=sys.stderr,
        )
        return 2
    cache = data_folder() / "bench"
    cache.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="run-", dir=cache))
    bench = Bench(quick=args.quick, work=work, cache=cache, media=args.media.resolve())
    done: dict[str, registry.Section] = {}
    broken = []
    try:
        for name in args.only or registry.SECTIONS:
            bench.tell(f"{name} …")
            try:
                done[name] = registry.load(name)(bench)
            except Exception:
                traceback.print_exc()
                broken.append(name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    results.write(done, quick=args.quick, folder=args.out)
    print((args.out / "RESULTS.md").read_text())
    if broken:
        print(f"These sections broke and keep their last figures: {', '.join(broken)}.", file=sys.stderr)
    return 1 if broken else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a part of the media: under 8 minutes")
    parser.add_argument("--only", type=_names, metavar="A,B", help=f"of {', '.join(registry.SECTIONS)}")
    parser.add_argument("--media", type=Path, default=MEDIA, metavar="DIR", help="the labelled media")
    parser.add_argument(
        "--out", type=Path, default=results.FOLDER, metavar="DIR", help="where the results go"
    )
    parser.add_argument(
        "--publish", type=_sizes, metavar="N,M", help="only: memory of publishing N, then M clips"
    )
    parser.add_argument("--catalogue", type=int, metavar="N", help="only: pages of a catalogue of N packages")
    return parser


def _sizes(text: str) -> list[int]:
    return [int(size) for size in text.split(",")]


def _names(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in registry.SECTIONS]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"there is no {', '.join(unknown)}; take of {', '.join(registry.SECTIONS)}"
        )
    return names


if __name__ == "__main__":
    sys.exit(main())
