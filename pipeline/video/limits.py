"""Named limits of the engine, each with its reason."""

from __future__ import annotations

import os

# A driver's shift or a match: longer recordings come in parts. Also bounds a header that lies about its length.
MAX_DURATION_S = float(os.environ.get("FAIRFRAME_MAX_DURATION_S", 2 * 60 * 60))
# Shorter than this holds no scenario, and a single frame is a picture.
MIN_DURATION_S = 0.5
# 5.3K action cameras record 15.9 MP; decoders hold about 20 frames, so 16 MP stays under CHILD_MEMORY.
MAX_PIXELS = 16_000_000
MAX_SIDE = 8192
# Below this nobody can be told apart and nothing can be learned.
MIN_SIDE = 64
# 10 GiB is two hours of dashcam at 11 Mbit/s.
MAX_BYTES = int(os.environ.get("FAIRFRAME_MAX_BYTES", 10 * 1024**3))
# pipeline.md: the master has at most 1080 lines, measured on the shorter side so that portrait video keeps detail.
MAX_LINES = 1080
# 16:9 at 1080 lines is 1920 wide; wider panoramas shrink to this.
MAX_LONG_SIDE = 2560
PREVIEW_LINES = 480
# Faster cameras are slow motion: 60 is what screens and training sets use.
MAX_FPS = 60.0
# Time-lapse has two pictures a second; fewer than one is a slide show, and its pictures are repeated.
MIN_FPS = 1.0

# Address space of a media child: 4K AV1 with two threads reserves 1.1 GiB.
CHILD_MEMORY = 4 * 1024**3
# Open files of a child: itself, its libraries, three pipes.
CHILD_FILES = 64
# Threads and processes of the child's user, others included: stops a fork bomb, spares a busy machine.
CHILD_PROCESSES = 4096
# A child that has said nothing for so long hangs (reliability.md F13).
STALL_S = 60.0
PROBE_S = 30.0
# Stderr kept of a child: enough to tell, too little to fill a disk.
STDERR_BYTES = 16 * 1024
