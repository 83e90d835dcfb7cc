"""Every address of the site; the apps are named by string."""

from django.contrib import admin
from django.urls import include, path

from marketplace import views

urlpatterns = [
    path("", views.home, name="home"),
    path("welcome/", views.welcome, name="welcome"),
    path("terms/", views.terms, name="terms"),
    path("privacy/", views.privacy, name="privacy"),
    path("licences/", views.licences, name="licences"),
    path("healthz", views.healthz, name="healthz"),
    path("accounts/", include("allauth.urls")),
    path("desk/", include("moderation.urls")),
    path("desk/", admin.site.urls),
    path("", include("payouts.urls")),  # before contributors: it has pages under /film/ too
    path("", include("contributors.urls")),
    path("", include("buyers.urls")),
]

handler400 = "marketplace.views.bad_request"
handler403 = "marketplace.views.forbidden"
handler404 = "marketplace.views.not_found"
handler500 = "marketplace.views.server_error"
