"""Whose request it is when it comes through our own proxy: the consent's address, the lock-out, the limits."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class VisitorAddress:
    """Put the visitor's address into REMOTE_ADDR when the request came through a proxy that we trust."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.trusted = [ipaddress.ip_network(text, strict=False) for text in settings.TRUSTED_PROXIES]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self.trusted:
            request.META["REMOTE_ADDR"] = self.visitor(request.META)
        return self.get_response(request)

    def visitor(self, meta: dict[str, Any]) -> str:
        """Walk X-Forwarded-For from our side: the first address that is not one of our proxies is the visitor's.

        What stands further left was written by the visitor and is never believed.
        """
        address = str(meta.get("REMOTE_ADDR", ""))
        told = str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")
        while self._ours(address) and told:
            before = told.pop().strip()
            if not _is_address(before):
                break
            address = before
        return address

    def _ours(self, address: str) -> bool:
        return _is_address(address) and any(ipaddress.ip_address(address) in net for net in self.trusted)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
