"""Where in a sound track somebody speaks: Silero VAD (Silero Team, 2021–2026) on 16 kHz mono, 32 ms at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pipeline.video import weights
from pipeline.video.nets import runs_on, session

RATE = 16_000
# Samples of one look, and of the look before that are shown again (silero_vad/utils_vad.py).
WINDOW, CONTEXT = 512, 64
# Probability from which it is a voice. The package's own default is 0.5; a voice that stays audible is worse than a
# second of street that does not.
VOICE = 0.3
# What is silenced around a voice: breath and soft consonants before and after it fall below the threshold.
BEFORE_S, AFTER_S = 0.25, 0.35
# Pauses shorter than this are silenced too: words go on through them.
PAUSE_S = 0.6


@dataclass(frozen=True, slots=True)
class Spoken:
    """A stretch with speech, room around it included, in seconds of the recording."""

    start_s: float
    end_s: float


class Voice:
    """Finds speech in a stream of samples; the state of the network goes on from block to block."""

    def __init__(self) -> None:
        self._net = session("silero_vad", threads=1)
        self._state = np.zeros((2, 1, 128), np.float32)
        self._context = np.zeros(CONTEXT, np.float32)

    def probabilities(self, samples: NDArray[np.int16]) -> Iterator[float]:
        """Yield the probability of a voice for every whole WINDOW of 16 kHz samples."""
        for at in range(0, len(samples) - WINDOW + 1, WINDOW):
            window = samples[at : at + WINDOW].astype(np.float32) / 32768
            given = np.concatenate([self._context, window])[None]
            answer, self._state = self._net.run(
                None, {"input": given, "state": self._state, "sr": np.array(RATE, np.int64)}
            )
            self._context = window[-CONTEXT:]
            yield float(answer[0, 0])


def model() -> dict[str, str]:
    """Return name, role and sha256 of the network that was used, and what ran it."""
    return {**weights.described("silero_vad"), "runs_on": runs_on("silero_vad")}


def spoken(blocks: Iterable[NDArray[np.int16]]) -> list[Spoken]:
    """Return where somebody speaks in 16 kHz mono samples, in order, apart from each other by PAUSE_S at least."""
    voice = Voice()
    rest = np.zeros(0, np.int16)
    found: list[Spoken] = []
    count = 0
    for block in chain(blocks, [np.zeros(WINDOW, np.int16)]):
        samples = np.concatenate([rest, block])
        for probability in voice.probabilities(samples):
            if probability >= VOICE:
                start = max(0.0, count * WINDOW / RATE - BEFORE_S)
                end = (count + 1) * WINDOW / RATE + AFTER_S
                if found and start - found[-1].end_s < PAUSE_S - BEFORE_S - AFTER_S:
                    found[-1] = Spoken(found[-1].start_s, end)
                else:
                    found.append(Spoken(start, end))
            count += 1
        rest = samples[len(samples) // WINDOW * WINDOW :]
    return found
