"""How allauth sends people on."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.shortcuts import resolve_url


class AccountAdapter(DefaultAccountAdapter):
    """Send people to their own door after log-in and keep what was typed at sign-up."""

    def get_login_redirect_url(self, request: Any) -> str:
        """Go through /welcome/, which knows every door."""
        return resolve_url("welcome")

    def get_signup_redirect_url(self, request: Any) -> str:
        """Go through /welcome/, which knows every door."""
        return resolve_url("welcome")
