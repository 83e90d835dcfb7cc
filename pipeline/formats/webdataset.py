"""WebDataset shards: tar files of about 1 GiB, a sample a clip: <clip>.mp4 and <clip>.json.

Format: plain USTAR; a sample's files follow each other and share the name before the first dot. The same clips make
the same bytes.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

SHARD = (
    1024**3
)  # a shard is closed by the clip that takes it over this: 1 to 2 GiB while clips are under 1 GiB


class Shard:
    """One tar under construction, with the numbers of its first and last clip."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first = self.last = -1
        self._tar = tarfile.open(path, mode="w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115 - closed by close()
        self.bytes = 0

    def add(self, number: int, name: str, media: Path, document: bytes) -> None:
        """Append one clip."""
        self.first = number if self.first < 0 else self.first
        self.last = number
        size = media.stat().st_size
        with media.open("rb") as file:
            self._put(f"{name}.mp4", size, file)
        self._put(f"{name}.json", len(document), io.BytesIO(document))
        self.bytes += size + len(document)

    def _put(self, name: str, size: int, file: object) -> None:
        entry = tarfile.TarInfo(name)
        entry.size = size
        self._tar.addfile(entry, file)  # type: ignore[arg-type]

    @property
    def full(self) -> bool:
        return self.bytes >= SHARD

    def close(self) -> Path:
        """Finish the tar and give its path."""
        self._tar.close()
        return self.path
