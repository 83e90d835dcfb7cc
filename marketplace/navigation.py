"""What the bar offers each visitor; the other apps are named by string, and shown when they are there."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True)
class Link:
    """One entry: where it goes, what it is called, and whether the visitor is there now."""

    title: str
    url: str
    icon: str
    here: bool = False
    count: int = 0


# door → (title, address, icon)
BAR: dict[str, list[tuple[str, str, str]]] = {
    "": [("Packages", "buyers:catalogue", "package"), ("For drivers & athletes", "home#film", "video")],
    "film": [
        ("Home", "contributors:home", "home"),
        ("Upload", "contributors:upload", "upload"),
        ("Footage", "contributors:footage_list", "film"),
        ("Earnings", "payouts:earnings", "wallet"),
    ],
    "buy": [
        ("Packages", "buyers:catalogue", "package"),
        ("Cart", "buyers:cart", "cart"),
        ("Orders", "buyers:orders", "receipt"),
        ("Organisation", "buyers:home", "building"),
    ],
    "desk": [("Desk", "admin:index", "desk"), ("Packages", "buyers:catalogue", "package")],
}
ACCOUNT = [
    ("E-mail", "account_email", "mail"),
    ("Password", "account_change_password", "key"),
    ("Two-step sign-in", "mfa_index", "shield"),
]
OWN_DATA = ("Your data", "contributors:data", "file")
PRIVATE = ("Private places", "contributors:private", "lock")


def _address(name: str) -> str:
    view, _, anchor = name.partition("#")
    try:
        return reverse(view) + (f"#{anchor}" if anchor else "")
    except NoReverseMatch:  # that app is not part of this installation
        return ""


def _links(entries: list[tuple[str, str, str]], *, path: str, counts: dict[str, int]) -> list[Link]:
    found = [(title, _address(name), icon, counts.get(name, 0)) for title, name, icon in entries]
    found = [entry for entry in found if entry[1]]
    # The longest address that the path starts with is where the visitor is; `/film/` is not `/film/upload/`.
    here = max(
        (url for _, url, *_ in found if "#" not in url and path.startswith(url)), key=len, default=None
    )
    return [Link(title, url, icon, url == here, count) for title, url, icon, count in found]


def links(*, door: str, cart_count: int, path: str) -> list[Link]:
    """List the bar's links for a door."""
    return _links(BAR.get(door, BAR[""]), path=path, counts={"buyers:cart": cart_count})


def account_links(*, door: str, path: str) -> list[Link]:
    """List the pages about one's own account; contributors also have their data."""
    return _links([*ACCOUNT, *([PRIVATE, OWN_DATA] if door == "film" else [])], path=path, counts={})
