"""Mail that is kept as files lands in the folder that was named, not in one beside the code."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings


def test_the_folder_is_the_one_of_the_address() -> None:
    assert Path(settings.EMAIL_FILE_PATH) == Path(os.environ["EMAIL_URL"].removeprefix("filemail://"))
