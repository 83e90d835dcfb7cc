"""The core nouns, one file each."""

from marketplace.models.clip import Clip, Tag
from marketplace.models.event import Event
from marketplace.models.footage import Footage, Sound, Vertical
from marketplace.models.licence import LicenceTerms
from marketplace.models.package import Package, PackageClip, PackageObject, PackageVersion, Tombstone
from marketplace.models.user import Door, User

__all__ = [
    "Clip",
    "Door",
    "Event",
    "Footage",
    "LicenceTerms",
    "Package",
    "PackageClip",
    "PackageObject",
    "PackageVersion",
    "Sound",
    "Tag",
    "Tombstone",
    "User",
    "Vertical",
]
