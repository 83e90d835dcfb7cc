"""Sound is dropped unless asked for; asked for, every voice is silent, the rest is heard, and in time."""

from __future__ import annotations

import subprocess
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.video import sound, voice
from pipeline.video.process import process
from pipeline.video.voice import Spoken
from tests.media import ffmpeg, make_video, shared


def samples(path: Path, *, rate: int = 48_000) -> np.ndarray:
    """Decode the sound of a file of our own: mono floats from the first picture on."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        parts = [
            part.to_ndarray()[0] for frame in container.decode(audio=0) for part in resampler.resample(frame)
        ]
    return np.concatenate(parts)


def loudness(heard: np.ndarray, start_s: float, end_s: float, *, rate: int = 48_000) -> float:
    return float(np.sqrt(np.mean(heard[int(start_s * rate) : int(end_s * rate)] ** 2)))


@pytest.fixture(scope="module")
def beeps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds: the picture turns white and a beep sounds in seconds 2 and 5, for half a second each."""
    path = tmp_path_factory.mktemp("sound") / "beeps.mp4"
    flash = r"lt(mod(t-2\,3)\,0.5)*gte(t\,2)"
    command = [
        ffmpeg(), "-y", "-loglevel", "error", "-f", "lavfi", "-i",
        "color=gray:s=320x180:r=25:d=6,geq=lum=if(lt(mod(T-2\\,3)\\,0.5)*gte(T\\,2)\\,235\\,60):cb=128:cr=128",
        "-f", "lavfi", "-i", f"aevalsrc=0.4*sin(2*PI*1000*t)*{flash}:d=6:s=44100",
        "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True)
    return path


def test_sound_is_dropped_unless_asked_for(beeps: Path, tmp_path: Path) -> None:
    report = process(beeps, tmp_path / "out", vertical="sports", only_redact=True)
    assert report["audio"] == {"mode": "drop", "kept": False}
    assert b"soun" not in (tmp_path / "out" / "redacted.mp4").read_bytes()


def test_what_is_no_voice_is_heard_in_time_with_the_picture(beeps: Path, tmp_path: Path) -> None:
    report = process(beeps, tmp_path / "out", vertical="sports", audio="mute-speech")
    assert report["audio"]["kept"] is True
    assert report["audio"]["silenced"] == []
    files = [tmp_path / "out" / "redacted.mp4", tmp_path / "out" / "preview.mp4"]
    for path in files:
        assert beep_after_flash(path) == pytest.approx([0, 0], abs=0.045), path.name
    for clip in report["clips"]:
        for name in ("file", "preview"):
            with av.open(str(tmp_path / "out" / clip[name])) as container:
                kinds = [stream.type for stream in container.streams]
                assert kinds == ["video", "audio"]
                assert abs(float(container.duration / 1e6) - clip["duration_s"]) < 0.1


def beep_after_flash(path: Path) -> list[float]:
    """Return for both flashes how many seconds later the beep begins."""
    with av.open(str(path)) as container:
        light = np.array([frame.to_ndarray(format="gray").mean() for frame in container.decode(video=0)])
    bright = (light > 150).astype(int)
    flashes = np.flatnonzero(np.diff(bright) == 1) + 1
    heard = np.abs(samples(path))
    late = []
    for flash in flashes:
        near = int((flash / 25 - 0.3) * 48_000)
        late.append((near + int(np.argmax(heard[near:] > 0.1))) / 48_000 - flash / 25)
    return late


def test_the_gain_is_nothing_inside_and_falls_outside() -> None:
    curve = sound.gain(0, 48_000, [Spoken(0.4, 0.6)])
    assert not curve[int(0.4 * 48_000) : int(0.6 * 48_000) + 1].any()
    assert curve[: int(0.31 * 48_000)].min() == curve[int(0.69 * 48_000) :].min() == 1
    assert np.abs(np.diff(curve)).max() < 0.001
    assert sound.gain(480_000, 100, [Spoken(0.4, 0.6)]).min() == 1


def test_pauses_between_words_are_silent_too() -> None:
    class Talks(voice.Voice):
        def __init__(self) -> None:
            self.said = iter(
                [0.0] * 20 + [0.9] * 10 + [0.1] * 14 + [0.9] * 10 + [0.0] * 80 + [0.5] + [0.0] * 60
            )

        def probabilities(self, samples):
            return (next(self.said) for _ in range(len(samples) // voice.WINDOW))

    blocks = [np.zeros(1000, np.int16)] * 97
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(voice, "Voice", Talks)
        first, second = voice.spoken(blocks)
    window = voice.WINDOW / voice.RATE
    assert (first.start_s, first.end_s) == pytest.approx((20 * window - 0.25, 54 * window + 0.35))
    assert second.start_s == pytest.approx(134 * window - 0.25)


VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))


def resonated(pulses: np.ndarray, hz: float, width: float, rate: int) -> np.ndarray:
    radius = np.exp(-np.pi * width / rate)
    a, b = 2 * radius * np.cos(2 * np.pi * hz / rate), -(radius**2)
    out = [0.0, 0.0]
    for value in pulses.tolist():
        out.append(value + a * out[-1] + b * out[-2])
    heard = np.array(out[2:])
    return heard / np.abs(heard).max()


def said(seconds: float, *, rate: int = voice.RATE) -> np.ndarray:
    """Speak five vowels a second: pulses of a throat through three resonances each, as samples of 16 bit."""
    t = np.arange(int(seconds * rate)) / rate
    pitch = 115 + 18 * np.sin(2 * np.pi * 0.7 * t) + 4 * np.sin(2 * np.pi * 5 * t)
    pulses = np.diff(np.floor(np.cumsum(pitch) / rate), prepend=0)
    pulses += 0.01 * np.random.default_rng(1).standard_normal(len(t))
    out, length = np.zeros(len(t)), rate // 5
    for number, at in enumerate(range(0, len(t), length)):
        part = pulses[at : at + length]
        heard = [resonated(part, hz, 100, rate) for hz in VOWELS[number % 5]]
        vowel = heard[0] + 0.6 * heard[1] + 0.3 * heard[2]
        out[at : at + length] = vowel * np.sqrt(np.hanning(len(part)))
    return (out / np.abs(out).max() * 12_000).astype(np.int16)


def test_a_voice_is_silent_and_the_hum_before_and_after_it_is_heard(tmp_path: Path) -> None:
    silence = np.zeros(2 * voice.RATE, np.int16)
    track = np.concatenate([silence, said(1.5), silence]).astype(np.float64)
    track += 1500 * np.sin(2 * np.pi * 120 * np.arange(len(track)) / voice.RATE)
    sound_file, picture, source = tmp_path / "s.wav", tmp_path / "p.mp4", tmp_path / "talk.mp4"
    with wave.open(str(sound_file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(voice.RATE)
        out.writeframes(track.astype("<i2").tobytes())
    make_video(picture, 5.5, (160, 96), 10)
    both = [
        "-i",
        str(picture),
        "-i",
        str(sound_file),
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-c:v",
        "copy",
        "-c:a",
        "aac",
    ]
    subprocess.run([ffmpeg(), "-y", "-loglevel", "error", *both, str(source)], check=True)
    report = process(source, tmp_path / "out", vertical="driving", audio="mute-speech", only_redact=True)
    [(start, end)] = report["certificate"]["audio"]["silenced"]
    assert 1.5 < start <= 2.0
    assert 3.5 <= end < 4.2
    assert "silero_vad" in {model["name"] for model in report["certificate"]["models"]}
    heard = samples(tmp_path / "out" / "redacted.mp4")
    assert loudness(heard, start + 0.03, end - 0.03) < 1e-4
    for quiet in ((0.3, start - 0.2), (end + 0.2, 5.2)):
        assert loudness(heard, *quiet) == pytest.approx(1500 / 32768 / 2**0.5, rel=0.2)


@pytest.mark.media
def test_a_real_voice_is_silent_and_the_noise_around_it_is_not(tmp_path: Path) -> None:
    source = tmp_path / "talk.mp4"
    speech, noise = shared("audio/jfk.flac"), shared("audio/noise1.wav")
    picture = tmp_path / "a.mp4"
    make_video(picture, 8, (160, 96), 10)
    mix = "[1]atrim=0:3,adelay=3000:all=1,apad,volume=1.5[v];[2]aloop=-1:1000000,volume=0.4[n];[v][n]amix"
    subprocess.run(
        [ffmpeg(), "-y", "-loglevel", "error", "-i", str(picture), "-i", str(speech), "-i", str(noise),
         "-filter_complex", mix, "-t", "8", "-map", "0:v", "-c:v", "copy", "-c:a", "aac", str(source)],
        check=True,
    )  # fmt: skip
    report = process(source, tmp_path / "out", vertical="driving", audio="mute-speech", only_redact=True)
    heard = samples(tmp_path / "out" / "redacted.mp4")
    silenced = report["audio"]["silenced"]
    assert min(start for start, _ in silenced) < 3.4
    assert max(end for _, end in silenced) > 5.5
    for start, end in silenced:
        assert loudness(heard, start + 0.03, min(end, 7.9) - 0.03) < 1e-4
    assert loudness(heard, 0.2, 2.2) > 1e-3
    assert voice_left(heard) == []


def voice_left(heard: np.ndarray) -> list[Spoken]:
    """Return where the network still hears a voice."""
    thirds = heard[: len(heard) // 3 * 3].reshape(-1, 3).mean(axis=1)  # 48 → 16 kHz
    return voice.spoken([(thirds * 32767).astype(np.int16)])
