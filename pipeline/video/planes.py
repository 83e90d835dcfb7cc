"""Pictures and planes at another size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def shrink(
    picture: NDArray[np.uint8], width: int, height: int, into: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Bring H × W (× 3) bytes to a size: halves by area, the rest by lines; a tenth of the time of area alone.

    The result is a new array, also at the same size, for frames' buffers are used again; or `into`, of that size.
    """
    while picture.shape[1] >= 2 * width and picture.shape[0] >= 2 * height:
        half = (picture.shape[1] // 2, picture.shape[0] // 2)
        even = picture[: half[1] * 2, : half[0] * 2]
        if half == (width, height):
            return np.asarray(cv2.resize(even, half, into, interpolation=cv2.INTER_AREA), np.uint8)
        picture = np.asarray(cv2.resize(even, half, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(picture, (width, height), into, interpolation=cv2.INTER_LINEAR), np.uint8)
