"""The desk: what staff see in Django admin, one module a subject."""

from moderation.admin import claims, content, money, packages, people

__all__ = ["claims", "content", "money", "packages", "people"]
