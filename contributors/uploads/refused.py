"""The one way to say no to an upload."""

from __future__ import annotations

from typing import Any

from marketplace.models import Footage
from marketplace.states import FootageState

STOPPED = "You stopped this upload. What had arrived was thrown away."


class UploadRefused(Exception):
    """Say in one sentence what is wrong with an upload, what was kept and what to do."""

    def __init__(self, sentence: str, *, status: int = 409, **more: Any) -> None:
        super().__init__(sentence)
        self.status = status
        self.more = more


def need_open(footage: Footage) -> None:
    """Refuse what only makes sense while parts still arrive."""
    if footage.state == FootageState.UPLOADING:
        return
    if footage.state == FootageState.ABANDONED:
        raise UploadRefused(
            f"{footage.reason or STOPPED} Start again whenever you like.", state=footage.state
        )
    raise UploadRefused("This upload is finished already; nothing more is needed.", state=footage.state)
