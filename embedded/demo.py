"""Run all of Fairframe on this machine: `python -m embedded.demo [--port N] [--smoke [--footage FILE]]`."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded import ports, secrets, services, site
from embedded.accounts import PEOPLE, Person
from embedded.children import Family
from embedded.failure import Failed, Stopped


def main() -> int:
    """Start everything, then run until Ctrl-C, a failed child or the end of the smoke walk."""
    args = arguments()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    try:
        data = data_directory()
        with only_one(data), Family(data / "logs", asked_to_stop=stop) as family:
            try:
                run(family, data, args)
            finally:
                if family.children:
                    say("Stopping …")
    except Failed as failure:
        print(f"\n{failure}", file=sys.stderr, flush=True)
        return 1
    except Stopped:
        return 130 if args.smoke else 0
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--port", type=int, help="the port of the site, for this run")
    parser.add_argument("--smoke", action="store_true", help="walk through the main job, then stop")
    parser.add_argument("--footage", type=Path, help="the video that --smoke uploads; else it makes one")
    parser.add_argument("--vertical", choices=["driving", "sports"], default="driving")
    args = parser.parse_args()
    if args.port is not None and not 1024 <= args.port <= 65535:
        parser.error("--port must be between 1024 and 65535.")
    if args.footage is not None and not args.footage.is_file():
        parser.error(f"--footage: there is no file {args.footage}.")
    return args


def data_directory() -> Path:
    """Find or make the folder that keeps everything between runs."""
    data = Path(os.environ.get("FAIRFRAME_DATA") or site.ROOT / ".data").resolve()
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data / "lock").touch()
    except OSError as error:
        raise Failed(
            f"The data directory {data} cannot be written ({error.strerror}): set FAIRFRAME_DATA to another folder."
        ) from error
    return data


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data directory, so that two runs never write to one database."""
    with (data / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Failed(
                f"A demo already runs in {data}: stop it first, or set FAIRFRAME_DATA to another folder."
            ) from error
        yield


def run(family: Family, data: Path, args: argparse.Namespace) -> None:
    """Start, then wait for the end."""
    began = time.monotonic()
    found = services.Services(data, ports.claim_for(data, web=args.port), secrets.load(data))
    weights = site.fetch_weights(family, found)  # beside everything else: the first time it takes a while
    say("Starting PostgreSQL, Valkey and S3 …")
    services.start(family, found)
    say("Preparing tables, buckets, static files and people …")
    site.prepare(family, found)
    if weights.process.poll() is None:
        say("Fetching model weights …")
    family.finish(weights, seconds=1200)
    say("Starting web, workers, beat and the Stripe simulator …")
    web = site.start(family, found)
    family.wait_until(web, lambda: site.is_healthy(found), seconds=120)
    welcome(found, seconds=time.monotonic() - began)
    if args.smoke:
        smoke(family, found, args)
        return
    while True:
        family.check()
        family.asked_to_stop.wait(0.5)


def welcome(found: services.Services, *, seconds: float) -> None:
    """Print the address and who can log in."""
    width = max(len(person.email) for person in PEOPLE)
    lines = [
        f"\nFairframe runs at {site.site_url(found)} (ready after {seconds:.0f} s)",
        f"  Log in with the password {found.secrets.people} as",
        *(f"    {person.email:<{width}}  {person.does}" for person in PEOPLE),
        f"  E-mail goes to {found.data / 'mail'}, logs to {found.data / 'logs'}.",
        f"  Payments go to a simulator at {site.stripe_url(found)}: no real money.",
        "  Ctrl-C stops everything; the data stays for the next run.\n",
    ]
    say("\n".join(lines))


def smoke(family: Family, found: services.Services, args: argparse.Namespace) -> None:
    """Walk through the main job over HTTP as its people would, and print what came of it."""
    from embedded.smoke import StepFailed, walk

    accounts: dict[str, Person] = {
        person.role: person.with_password(found.secrets.people) for person in PEOPLE
    }
    result: dict[str, object] = {}
    failed: list[Exception] = []

    def walk_it() -> None:
        try:
            result.update(walk(site.site_url(found), accounts, args.footage, args.vertical, found.data))
        except Exception as error:
            failed.append(error)

    walker = threading.Thread(target=walk_it, daemon=True)
    walker.start()
    while walker.is_alive():
        family.check()  # a dead worker would else be a walk that waits for ever
        walker.join(0.2)
    if failed and isinstance(failed[0], StepFailed):
        raise Failed(f"The walk failed: {failed[0]}") from failed[0]
    if failed:
        raise failed[0]
    say(json.dumps(result))


def say(line: str) -> None:
    """Print at once, also into a pipe."""
    print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
