"""Addresses of the pages for people who buy."""

from django.urls import path

from buyers.views import billing, cart, catalogue, orders, organisation, package, samples

app_name = "buyers"
urlpatterns = [
    path("packages/", catalogue.listing, name="catalogue"),
    path("packages/<slug:slug>/", package.page, name="package"),
    path("packages/<slug:slug>/clips/", package.clips, name="package_clips"),
    path("packages/<slug:slug>/sample/", samples.page, name="sample"),
    path("packages/<slug:slug>/sample/curl.txt", samples.curl_config, name="sample_curl"),
    path("packages/<slug:slug>/sample/SHA256SUMS", samples.checksums, name="sample_checksums"),
    path("packages/<slug:slug>/sample/files/<path:file>", samples.file, name="sample_file"),
    path("packages/<slug:slug>/tombstones.jsonl", samples.tombstones, name="tombstones"),
    path("packages/<slug:slug>/preview/<uuid:clip>/<str:kind>/", package.preview, name="preview"),
    path("cart/", cart.page, name="cart"),
    path("cart/add/<slug:slug>/", cart.add, name="cart_add"),
    path("cart/remove/<uuid:pk>/", cart.remove, name="cart_remove"),
    path("cart/size/<uuid:pk>/", cart.resize, name="cart_size"),
    path("cart/code/", cart.code, name="cart_code"),
    path("cart/licence/<int:pk>/", cart.licence, name="cart_licence"),
    path("cart/checkout/", cart.checkout, name="checkout"),
    path("orders/", orders.listing, name="orders"),
    path("orders/<uuid:pk>/", orders.page, name="order"),
    path("orders/<uuid:pk>/state/", orders.state, name="checkout_return"),
    path("orders/<uuid:pk>/pay/", orders.pay, name="order_pay"),
    path("orders/<uuid:pk>/cancel/", billing.cancel, name="order_cancel"),
    path("orders/<uuid:pk>/documents/<uuid:document>.pdf", billing.document, name="document"),
    path("orders/<uuid:pk>/<slug:slug>/manifest.json", orders.manifest, name="order_manifest"),
    path("orders/<uuid:pk>/<slug:slug>/curl.txt", orders.curl_config, name="order_curl"),
    path("orders/<uuid:pk>/<slug:slug>/SHA256SUMS", orders.checksums, name="order_checksums"),
    path("orders/<uuid:pk>/<slug:slug>/files/<path:file>", orders.download, name="order_download"),
    path("buy/", organisation.home, name="home"),
    path("buy/start/", organisation.start, name="start"),
    path("buy/join/", organisation.join, name="join"),
    path("buy/join/<str:code>/", organisation.invitation, name="invitation"),
    path("buy/billing/", billing.details, name="billing"),
    path("buy/members/", organisation.members, name="members"),
    path("buy/members/<int:pk>/remove/", organisation.remove_member, name="member_remove"),
    path("buy/invitations/<int:pk>/revoke/", organisation.revoke, name="invitation_revoke"),
]
