from django.urls import path

from payouts import money_views, plan_api, plan_views, views

app_name = "payouts"
urlpatterns = [
    path("stripe/webhook/", views.webhook, name="webhook"),
    path("api/v1/packages/<slug:slug>/take", plan_api.take, name="api_take"),
    path("packages/<slug:slug>/take/", plan_views.take, name="plan_take"),
    path("film/earnings/", views.earnings, name="earnings"),
    path("film/earnings/earnings.csv", views.earnings_csv, name="earnings_csv"),
    path("film/earnings/statements/", money_views.listing, name="statements"),
    path(
        "film/earnings/statements/<str:month>.pdf",
        money_views.statement,
        {"form": "pdf"},
        name="statement_pdf",
    ),
    path(
        "film/earnings/statements/<str:month>.csv",
        money_views.statement,
        {"form": "csv"},
        name="statement_csv",
    ),
    path("film/earnings/transfers/<uuid:pk>/", money_views.transfer, name="transfer"),
    path("film/earnings/tax/", money_views.tax, name="tax"),
    path("film/earnings/connect/", views.connect_start, name="connect_start"),
    path("film/earnings/connect/return/", views.connect_return, name="connect_return"),
    path("film/earnings/connect/refresh/", views.connect_refresh, name="connect_refresh"),
]
