"""WebDataset shards: tar files of about 1 GiB, a sample a clip: <clip>.mp4 and <clip>.json.

Format: plain USTAR; a sample's files follow each other and share the name before the first dot. The same clips make
the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path
from typing import IO

SHARD = (
    1024**3
)  # a shard is closed by the clip that takes it over this: 1 to 2 GiB while clips are under 1 GiB


class Shard:
    """One tar under construction."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = Hashing(path)
        self._tar = tarfile.open(  # type: ignore[call-overload]  # noqa: SIM115 - closed by close()
            fileobj=self._file, mode="w", format=tarfile.USTAR_FORMAT, copybufsize=1 << 20
        )

    def add(self, name: str, media: Path, document: bytes) -> None:
        """Append one clip."""
        size = media.stat().st_size
        with media.open("rb") as file:
            self._put(f"{name}.mp4", size, file)
        self._put(f"{name}.json", len(document), io.BytesIO(document))

    def _put(self, name: str, size: int, file: IO[bytes]) -> None:
        entry = tarfile.TarInfo(name)
        entry.size = size
        self._tar.addfile(entry, file)

    def close(self) -> str:
        """Finish the tar and give its hexadecimal SHA-256."""
        self._tar.close()
        self._file.close()
        return self._file.digest.hexdigest()


class Hashing:
    """A file that is written once from the front, and its SHA-256, so that it need not be read again."""

    def __init__(self, path: Path) -> None:
        self.digest = hashlib.sha256()
        self._file = path.open("wb")

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._file.write(data)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
