"""Train a head for plates or numbers: a small network on the features that PP-OCR's text detector has computed anyway.

    python -m pipeline.training.train_head plates scenes.pickle ppocr_det.onnx head.onnx --minutes 95
    python -m pipeline.training.train_head numbers people.pickle ppocr_det.onnx head.onnx --minutes 45

Wants PyTorch, which the product does not: run it in a virtual environment with torch, onnx, onnxscript, onnxruntime,
opencv-python-headless, numpy and pillow. The text detector is frozen, so a CPU is enough: its features are computed
by ONNX Runtime in other processes, the head learns from pictures that are never the same.
"""

from __future__ import annotations

import argparse
import pickle
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from pipeline.training import number_scenes, plate_scenes
from pipeline.video.text_head import FEATURES

SIZES = (160, 192, 256, 320)
BATCH = 8
LARGE = 0.7  # share of the sizes that are to be no larger than what the head says


def block(channels: int, size: int = 5) -> nn.Module:
    """A depthwise and a pointwise convolution."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, size, padding=size // 2, groups=channels, bias=False),
        nn.BatchNorm2d(channels),
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
    )


def joint(channels_in: int, channels: int) -> nn.Module:
    """A pointwise convolution."""
    return nn.Sequential(nn.Conv2d(channels_in, channels, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU())


class Head(nn.Module):
    """Features and picture in; 1 × 5 × H/4 × W/4 out: heat (a probability), log size, offset, in strides."""

    def __init__(self) -> None:
        super().__init__()
        self.fine, self.coarse = joint(96, 40), joint(96, 48)
        self.pixels = nn.Sequential(nn.PixelUnshuffle(4), joint(48, 24), block(24))
        self.into8 = joint(40 + 24 + 48, 64)
        self.at8 = nn.ModuleList([block(64) for _ in range(3)])
        self.at16 = nn.ModuleList([block(64) for _ in range(2)])
        self.into4 = joint(64 + 64, 48)
        self.at4 = nn.ModuleList([block(48, 3) for _ in range(2)])
        self.out = nn.Conv2d(48, 5, 1)
        nn.init.constant_(self.out.bias[:1], -4.0)

    def forward(self, image: Tensor, fine: Tensor, coarse: Tensor) -> Tensor:
        four = torch.cat([self.fine(fine), self.pixels(image)], 1)
        eight = self.into8(torch.cat([nn.functional.max_pool2d(four, 2), self.coarse(coarse)], 1))
        for one in self.at8:
            eight = eight + one(eight)
        deep = nn.functional.max_pool2d(eight, 2)
        for one in self.at16:
            deep = deep + one(deep)
        eight = eight + nn.functional.interpolate(deep, scale_factor=2.0, mode="nearest")
        four = self.into4(
            torch.cat([four, nn.functional.interpolate(eight, scale_factor=2.0, mode="nearest")], 1)
        )
        for one in self.at4:
            four = four + one(four)
        out = self.out(four)
        return torch.cat([torch.sigmoid(out[:, :1]), out[:, 1:]], 1)


def warm(head: Head, path: Path, batches: Iterator[tuple[Tensor, ...]], number: int = 20) -> None:
    """Begin with the weights of an exported head.

    The export has its normalisations folded into the convolutions. They are unfolded with the mean and the deviation
    that each convolution gives on `number` batches, so the head answers as before, and learns as well as it did.
    """
    read = {
        one.name: torch.from_numpy(numpy_helper.to_array(one).copy())
        for one in onnx.load(path).graph.initializer
    }
    modules = dict(head.named_modules())
    head.eval()
    pairs: list[tuple[nn.Module, nn.BatchNorm2d, list[tuple[Tensor, Tensor]]]] = []
    with torch.no_grad():
        for name, module in modules.items():
            if not isinstance(module, nn.Conv2d):
                continue
            module.weight.copy_(read[f"{name}.weight"])
            above, _, place = name.rpartition(".")
            if module.bias is not None:
                module.bias.copy_(read[f"{name}.bias"])
                continue
            norm = modules[f"{above}.{int(place) + 1}"]
            if not isinstance(norm, nn.BatchNorm2d):
                raise TypeError(f"{name} has no normalisation after it")
            norm.bias.copy_(read[f"{name}.weight_bias"])
            norm.weight.fill_((1 + norm.eps) ** 0.5)
            pairs.append((module, norm, []))
        for module, _, seen in pairs:
            module.register_forward_hook(lambda _m, _i, out, seen=seen: seen.append(moments(out)))
        for _, (image, fine, coarse, _target) in zip(range(number), batches, strict=False):
            head(image, fine, coarse)
        for module, norm, seen in pairs:
            module._forward_hooks.clear()
            mean = torch.stack([one for one, _ in seen]).mean(0)
            spread = torch.stack([one for _, one in seen]).mean(0)
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(spread)
            norm.bias.add_(mean)
            norm.weight.copy_((spread + norm.eps).sqrt())
    head.train()


def moments(out: Tensor) -> tuple[Tensor, Tensor]:
    """Give mean and variance of each channel."""
    return out.mean((0, 2, 3)), out.var((0, 2, 3))


@dataclass(frozen=True)
class Scenes:
    """What training pictures are made of, how often each is taken, and how one is made: see `plate_scenes.sample`."""

    scenes: Sequence[Any]
    weights: Sequence[float]
    sample: Callable[[Any, int, random.Random], tuple[np.ndarray, np.ndarray]]

    def one(self, size: int, dice: random.Random) -> tuple[np.ndarray, np.ndarray]:
        return self.sample(dice.choices(self.scenes, self.weights)[0], size, dice)


def read(what: str, path: Path) -> Scenes:
    """Read what gather_scenes or gather_people wrote; those that show what is to be learnt count six times."""
    with path.open("rb") as file:
        scenes = pickle.load(file)  # noqa: S301  (written by us)
    if what == "plates":
        return Scenes(scenes, [6.0 if scene.places else 1.0 for scene in scenes], plate_scenes.sample)
    return Scenes(scenes, [6.0 if scene.people else 1.0 for scene in scenes], number_scenes.sample)


class Batches(torch.utils.data.IterableDataset):
    """Endless batches of (image, fine, coarse, target), all of one size."""

    def __init__(self, scenes: Scenes, model: bytes, seed: int) -> None:
        self.scenes, self.model, self.seed = scenes, model, seed

    def __iter__(self) -> Iterator[tuple[np.ndarray, ...]]:
        cv2.setNumThreads(1)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        net = onnxruntime.InferenceSession(self.model, options, providers=["CPUExecutionProvider"])
        info = torch.utils.data.get_worker_info()
        dice = random.Random(self.seed * 100 + (info.id if info else 0))  # noqa: S311
        while True:
            size = dice.choice(SIZES)
            made = [self.scenes.one(size, dice) for _ in range(BATCH)]
            images = np.stack(
                [(picture.transpose(2, 0, 1).astype(np.float32) - 127.5) / 127.5 for picture, _ in made]
            )
            fine, coarse = net.run(FEATURES, {"x": images})
            yield images, fine, coarse, np.stack([target for _, target in made])


def loss_of(out: Tensor, target: Tensor) -> Tensor:
    """CenterNet's loss (Zhou et al., 2019): focal on the heat, absolute on sizes and offsets near the middles.

    Sizes are learnt as a quantile of their logarithm (Koenker and Bassett, 1978), not as the median: the end of a plate
    that stands out of its box can be read, a little more around one harms nobody.
    """
    heat, wanted, counts = out[:, 0].clamp(1e-5, 1 - 1e-5), target[:, 0], target[:, 5]
    peak = (wanted >= 0.999).float()
    hit = -((1 - heat) ** 2) * torch.log(heat) * peak
    miss = -((1 - wanted) ** 4) * heat**2 * torch.log(1 - heat) * (1 - peak)
    number = peak.sum().clamp(min=1)
    near = (wanted > 0.5).float() * wanted
    short = target[:, 1:3] - out[:, 1:3]
    sizes = 2 * torch.maximum(LARGE * short, (LARGE - 1) * short)
    sides = sizes.sum(1) + 0.25 * (out[:, 3:5] - target[:, 3:5]).abs().sum(1)
    return ((hit + miss) * counts).sum() / number + (sides * near).sum() / near.sum().clamp(min=1)


def train(
    scenes: Scenes, model: bytes, minutes: float, seed: int, out: Path, start: Path | None = None
) -> Head:
    """Learn for this long, the rate falling as a cosine of the time; a head to `start` with learns a little slower."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    head = Head()
    optimiser = torch.optim.AdamW(head.parameters(), lr=3e-3, weight_decay=1e-4)
    loader = iter(torch.utils.data.DataLoader(Batches(scenes, model, seed), batch_size=None, num_workers=1))
    if start:
        warm(head, start, loader)
    highest = 2e-3 if start else 3e-3
    begun, mean = time.monotonic(), 0.0
    for step, (image, fine, coarse, target) in enumerate(loader, 1):
        done = (time.monotonic() - begun) / (60 * minutes)
        if done >= 1:
            break
        rate = highest * (min(1.0, step / 50) * 0.5 * (1 + np.cos(np.pi * done)) + 0.003)
        for group in optimiser.param_groups:
            group["lr"] = rate
        loss = loss_of(head(image, fine, coarse), target)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(head.parameters(), 5.0)
        optimiser.step()
        mean = float(loss.detach()) if step == 1 else 0.98 * mean + 0.02 * float(loss.detach())
        if step % 100 == 0:
            sys.stdout.write(f"{60 * minutes * done:.0f} s, step {step}, loss {mean:.3f}\n")
            sys.stdout.flush()
        if step % 500 == 0:
            export(head, out)
            head.train()
    return head


def export(head: Head, path: Path) -> None:
    """Write the head as ONNX, for pictures of any size."""
    head.eval()
    example = (torch.zeros(1, 3, 96, 128), torch.zeros(1, 96, 24, 32), torch.zeros(1, 96, 12, 16))
    rows, columns = torch.export.Dim("rows", min=1, max=512), torch.export.Dim("columns", min=1, max=512)
    torch.onnx.export(
        head,
        example,
        str(path),
        input_names=["image", "fine", "coarse"],
        output_names=["plates"],
        dynamic_shapes=(
            {2: 32 * rows, 3: 32 * columns},
            {2: 8 * rows, 3: 8 * columns},
            {2: 4 * rows, 3: 4 * columns},
        ),
        opset_version=18,
        external_data=False,
        verbose=False,
    )


def main() -> None:
    """Read the command line, train, export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("plates", "numbers"))
    parser.add_argument("scenes", type=Path)
    parser.add_argument("text", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, help="an exported head to go on with")
    chosen = parser.parse_args()
    scenes = read(chosen.what, chosen.scenes)
    export(
        train(scenes, chosen.text.read_bytes(), chosen.minutes, chosen.seed, chosen.out, chosen.start),
        chosen.out,
    )


if __name__ == "__main__":
    main()
