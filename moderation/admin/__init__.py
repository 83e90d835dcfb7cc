"""The desk: what staff see in Django admin, one module a subject."""

from moderation.admin import content, money, packages, people

__all__ = ["content", "money", "packages", "people"]
