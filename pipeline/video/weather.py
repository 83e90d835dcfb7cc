"""Weather and light, as far as pixels tell: fog and night are measured on labelled pictures, the sky is a guess."""

from __future__ import annotations

import numpy as np

from pipeline.video.scene import SceneLog
from pipeline.video.spans import Span, spans, windows

# Top third of the picture on labelled webcam images: night stays under 92, day over 104 (of 16..235).
NIGHT_SKY, DAY_SKY = 92.0, 104.0
# Share of pixels over 210 that lamps make at night.
LAMPS = 0.006
# Logistic weights of fog, fitted on 35 pictures labelled foggy against 43 of webcams and 466 of roads and streets that
# are not, all outside the held-out third. Each sixth left out in turn: recall 0.91, false alarms 1 %, of webcams none.
FOG = {
    "distance": -3.690,
    "near": -2.950,
    "floor": 0.0877,
    "chroma": -0.279,
    "spread": 0.0221,
    "warmth": 0.0826,
    "sky_spread": -0.0486,
}
FOG_BIAS, FOG_SURE = 13.042, 0.6
# A picture with less contrast than this is asphalt, a wall or a lens as likely as fog.
FLAT_SPREAD = 12.0
# A blue top third, and a bright, even and colourless one. Nobody has labelled these; hence the low confidence.
BLUE_SKY, GREY_CHROMA, GREY_SPREAD, GREY_LUMA = 14.0, 4.5, 14.0, 150.0
# A night between two days that is shorter than this is a tunnel.
LONGEST_TUNNEL_S = 240.0


def illumination(*, luma: float, sky: float, bright: float, spread: float) -> tuple[str, float]:
    """Return (value, confidence) from mean luma, mean of the top third, share of bright pixels and contrast."""
    if spread < 3:
        return "unknown", 0.3  # one flat colour: a covered lens or a test picture
    # A dim picture without a single lamp in it is a grey day or dusk, not a lit night.
    if sky < NIGHT_SKY and luma < 96 and (luma < 60 or bright > LAMPS):
        lit = bright > LAMPS or luma > 45
        return ("night_lit" if lit else "night_unlit"), float(
            np.clip(0.55 + (NIGHT_SKY - sky) / 120, 0.5, 0.9)
        )
    if sky >= DAY_SKY and luma >= 80:
        return "day", float(np.clip(0.55 + (sky - DAY_SKY) / 120, 0.5, 0.9))
    if 55 <= luma < 110:
        return "dawn_dusk", 0.4
    return "unknown", 0.3


def fog(seen: dict[str, float]) -> float:
    """Return the probability of fog by the fitted weights of one picture's measures."""
    score = FOG_BIAS + sum(weight * seen[name] for name, weight in FOG.items())
    return float(1 / (1 + np.exp(-np.clip(score, -50, 50))))


def weather(seen: dict[str, float], light: str) -> tuple[str, float]:
    """Return (value, confidence) of one picture's measures; `light` is its illumination."""
    if light == "unknown" or seen["spread"] < FLAT_SPREAD:
        return "unknown", 0.0
    probability = fog(seen)
    if probability > FOG_SURE:
        return "fog", probability * (0.9 if light == "day" else 0.6)
    if light == "day" and probability < 0.3 and seen["sky"] > DAY_SKY:
        if seen["sky_blue"] > BLUE_SKY:
            return ("clear", 0.5) if seen["sky_spread"] < 30 else ("partly_cloudy", 0.35)
        grey = seen["sky_chroma"] < GREY_CHROMA and seen["sky_spread"] < GREY_SPREAD
        if grey and seen["sky"] > GREY_LUMA:
            return "overcast", 0.4
    # Rain and snow need a model: wet roads and wipers look like too many other things.
    return "unknown", 0.0


def light_spans(scene: SceneLog, fps: float, end_s: float) -> list[Span]:
    """Return illumination over time; a short night between two days is a tunnel."""
    columns = [windows(scene.column(name), fps, 1.0) for name in ("luma", "sky", "bright", "spread")]
    labels = [
        illumination(luma=luma, sky=sky, bright=bright, spread=spread)
        for luma, sky, bright, spread in zip(*([float(w.mean()) for w in c] for c in columns), strict=True)
    ]
    found = spans(labels, window_s=1.0, end_s=end_s, shortest_s=4.0)
    for i in range(1, len(found) - 1):
        before, span, after = found[i - 1 : i + 2]
        short = span.end_s - span.start_s <= LONGEST_TUNNEL_S
        if short and span.value.startswith("night") and before.value == after.value == "day":
            found[i] = Span("tunnel", span.start_s, span.end_s, 0.6)
    return found


def weather_spans(scene: SceneLog, fps: float, end_s: float, light: list[Span]) -> list[Span]:
    """Return weather over time, steadied over ten seconds."""
    names = (*FOG, "sky", "sky_blue", "sky_chroma")
    columns = {name: windows(scene.column(name), fps, 2.0) for name in names}
    labels = []
    for i in range(len(columns["sky"])):
        seen = {name: float(np.median(columns[name][i])) for name in names}
        now = next((s.value for s in light if s.start_s <= 2 * i < s.end_s), "unknown")
        labels.append(weather(seen, now))
    return spans(labels, window_s=2.0, end_s=end_s, shortest_s=10.0)
