from django.urls import path

from payouts import views

app_name = "payouts"
urlpatterns = [
    path("stripe/webhook/", views.webhook, name="webhook"),
    path("film/earnings/", views.earnings, name="earnings"),
    path("film/earnings/earnings.csv", views.earnings_csv, name="earnings_csv"),
    path("film/earnings/connect/", views.connect_start, name="connect_start"),
    path("film/earnings/connect/return/", views.connect_return, name="connect_return"),
    path("film/earnings/connect/refresh/", views.connect_refresh, name="connect_refresh"),
]
