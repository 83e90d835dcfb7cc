"""Packages at the desk: price, publish, delist, licence texts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.decorators import action

from marketplace.models import LicenceTerms, Package, PackageVersion
from marketplace.models.licence import add_terms
from marketplace.money import Money
from marketplace.states import MoveRefused, PackageState, VersionState, advance
from moderation import publishing
from moderation.admin.base import Desk
from moderation.admin.money import Rows
from moderation.confirm import ask
from pipeline import jobs


class VersionRows(Rows):
    model = PackageVersion
    fk_name = "package"
    fields = ["number", "state", "published_at", "total_bytes", "manifest_sha256", "progress", "reason"]
    readonly_fields = ["progress"]

    @admin.display(description="Progress")
    def progress(self, row: PackageVersion) -> str:
        return publishing.progress(row)


@admin.register(Package)
class PackageAdmin(Desk):
    list_display = ["title", "vertical", "price", "clip_count", "state", "published_at"]
    list_filter = ["state", "vertical"]
    search_fields = ["title", "summary"]
    fields = ["title", "summary", "price_minor", "vertical", "licence", "state", "clip_count", "published_at"]
    readonly_fields = ["vertical", "licence", "state", "clip_count", "published_at"]
    inlines = [VersionRows]
    actions_detail = ["publish", "delist", "relist", "see"]

    @admin.display(description="Price", ordering="price_minor")
    def price(self, row: Package) -> str:
        return str(Money(row.price_minor, row.currency))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("marketplace.change_package")

    @action(description="Publish", url_path="publish", permissions=["sell"])
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        package = get_object_or_404(Package, pk=object_id)
        version = package.versions.filter(state__in=[VersionState.DRAFT, VersionState.FAILED]).first()
        at_work = package.versions.filter(state=VersionState.PUBLISHING).first()
        if version is None and at_work is not None:
            messages.error(
                request, f"Version {at_work.number} is being published already. Nothing was changed."
            )
        elif version is None:
            messages.error(request, "There is no draft version to publish: choose clips to make one.")
        else:
            sentence = (
                f"{version.members.count()} clips go on sale for {self.price(package)}. "
                "A published version is frozen: a change later is a new version."
            )
            page = ask(
                request,
                title=f"Publish {package}",
                sentence=sentence,
                button="Publish",
                back=self._page(package),
            )
            if page:
                return page
            try:
                with transaction.atomic():
                    jobs.enqueue_publish(version=version, actor=request.user)
                messages.success(request, "Publishing has started: the table below says how far it is.")
            except MoveRefused as error:
                messages.error(request, str(error))
        return self._back(package)

    @action(description="Delist", url_path="delist", permissions=["sell"])
    def delist(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._move(request, object_id, PackageState.DELISTED)

    @action(description="Put on sale again", url_path="relist", permissions=["sell"])
    def relist(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._move(request, object_id, PackageState.PUBLISHED)

    @action(description="See its page", url_path="see", permissions=["sell"])
    def see(self, request: HttpRequest, object_id: str) -> HttpResponse:
        package = get_object_or_404(Package, pk=object_id)
        if package.current is None:
            messages.error(request, "It has no page yet: publish it first.")
            return self._back(package)
        return redirect("buyers:package", slug=package.slug)

    def has_sell_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("marketplace.change_package")

    def _move(self, request: HttpRequest, object_id: str, to: PackageState) -> HttpResponse:
        package = get_object_or_404(Package, pk=object_id)
        page = ask(
            request,
            title=f"{'Delist' if to == PackageState.DELISTED else 'Relist'} {package}",
            sentence=PackageState(to).label,
            button="Delist" if to == PackageState.DELISTED else "Put on sale",
            back=self._page(package),
        )
        if page:
            return page
        try:
            if to == PackageState.PUBLISHED and package.current is None:
                raise MoveRefused("It was never published: publish a version first.")
            advance(package, to, actor=request.user)
            messages.success(request, PackageState(to).label)
        except MoveRefused as error:
            messages.error(request, str(error))
        return self._back(package)

    def _page(self, package: Package) -> str:
        return reverse("admin:marketplace_package_change", args=[package.pk])

    def _back(self, package: Package) -> HttpResponse:
        return redirect(self._page(package))


class TermsForm(forms.ModelForm):
    class Meta:
        model = LicenceTerms
        fields = ["version", "title", "text"]


@admin.register(LicenceTerms)
class LicenceTermsAdmin(ModelAdmin):
    list_display = ["version", "title", "sha256", "created_at"]
    form = TermsForm

    def save_model(self, request: HttpRequest, obj: LicenceTerms, form: Any, change: bool) -> None:
        stored = add_terms(version=obj.version, title=obj.title, text=obj.text)
        obj.pk = stored.pk

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
