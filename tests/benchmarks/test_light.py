"""The light that the benchmark spoils is as bad as it says."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.light import LIGHTS, half_in_shade, under_lamps

PICTURE = np.full((360, 640, 3), 200, np.float32)


def test_lamps_are_bright_and_the_rest_is_dark() -> None:
    lit = under_lamps(PICTURE, 0.1)
    assert np.median(lit) == pytest.approx(20)
    assert 0.001 < (lit == 255).mean() < 0.2
    assert (lit[200:] < 255).all()  # they hang above
    assert (PICTURE == 200).all()


def test_shade_begins_in_the_middle() -> None:
    shaded = half_in_shade(PICTURE, 0.1)
    assert shaded[:, :100].mean() > 195
    assert shaded[:, 540:].mean() < 25


def test_every_light_keeps_the_picture_and_one_keeps_it_as_it_is() -> None:
    spoilt = {name: spoil(PICTURE) for name, spoil in LIGHTS.items()}
    assert all(picture.shape == PICTURE.shape for picture in spoilt.values())
    assert [name for name, picture in spoilt.items() if np.array_equal(picture, PICTURE)] == ["as they are"]
