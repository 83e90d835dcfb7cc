"""Who at the desk may do what: a moderator cannot touch money, finance cannot see originals."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db import transaction

_CONTENT = ["marketplace.view_footage", "marketplace.view_clip", "marketplace.view_tag"]
ROLES: dict[str, list[str]] = {
    "Moderators": [
        *_CONTENT,
        "moderation.view_review",
        "moderation.add_review",
        "moderation.see_originals",
        "marketplace.view_event",
        "pipeline.view_job",
    ],
    "Curators": [
        *_CONTENT,
        "moderation.view_review",
        "marketplace.view_package",
        "marketplace.add_package",
        "marketplace.change_package",
        "marketplace.view_packageversion",
        "marketplace.view_licenceterms",
        "marketplace.add_licenceterms",
        "pipeline.view_job",
    ],
    "Finance": [
        "buyers.view_organisation",
        "buyers.view_order",
        "buyers.view_orderline",
        "buyers.view_entitlement",
        "buyers.view_planperiod",
        "payouts.view_stripeevent",
        "payouts.view_ledgeraccount",
        "payouts.view_ledgertransaction",
        "payouts.view_ledgerline",
        "payouts.view_earning",
        "payouts.view_connectaccount",
        "payouts.view_transfer",
        "payouts.add_transfer",
        "payouts.view_refund",
        "payouts.add_refund",
        "payouts.view_dispute",
        "payouts.change_dispute",
        "payouts.view_splitpolicy",
        "payouts.add_splitpolicy",
        "payouts.view_reconciliation",
        "payouts.view_taxprofile",
        "marketplace.view_event",
    ],
}


def sync() -> None:
    """Make the groups and give each exactly its permissions; run after every migrate."""
    with transaction.atomic():
        for name, wanted in ROLES.items():
            group, _ = Group.objects.get_or_create(name=name)
            found = []
            for label in wanted:
                app, _, codename = label.partition(".")
                found.append(Permission.objects.get(content_type__app_label=app, codename=codename))
            group.permissions.set(found)
