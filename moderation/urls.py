from django.urls import path

from moderation import curating_views, finance_views, publishing, views

app_name = "moderation"
urlpatterns = [
    path("login/", views.log_in, name="login"),
    path("review/", views.next_clip, name="next"),
    path("review/<uuid:pk>/", views.review, name="review"),
    path("review/<uuid:pk>/reopen/", views.reopen, name="reopen"),
    path("review/<uuid:pk>/cover/", views.cover, name="cover"),
    path("review/<uuid:pk>/stop/", views.stop, name="stop"),
    path("media/<uuid:pk>/<str:kind>/", views.media, name="media"),
    path("original/<uuid:pk>/", views.original, name="original"),
    path("finance/", finance_views.page, name="finance"),
    path("finance/<slug:name>.csv", finance_views.table_csv, name="finance_csv"),
    path("finance/tax/<int:year>.csv", finance_views.tax_csv, name="finance_tax"),
    path("packages/choose/", curating_views.page, name="curate"),
    path("packages/choose/take/", curating_views.choose, name="choose"),
    path("packages/publishing/<uuid:pk>/", publishing.line, name="publishing"),
    path("packages/draft/", curating_views.draft, name="draft"),
]
