"""Addresses of the pages for people who film."""

from django.urls import path

from contributors.views import data, footage, home, media, private, upload

app_name = "contributors"
urlpatterns = [
    path("film/", home.home, name="home"),
    path("film/start/", home.start, name="start"),
    path("film/upload/", upload.page, name="upload"),
    path("film/upload/start/", upload.start, name="upload_start"),
    path("film/upload/<uuid:pk>/", upload.status, name="upload_status"),
    path("film/upload/<uuid:pk>/parts/", upload.parts, name="upload_parts"),
    path("film/upload/<uuid:pk>/complete/", upload.complete, name="upload_complete"),
    path("film/upload/<uuid:pk>/abort/", upload.abort, name="upload_abort"),
    path("film/footage/", footage.listing, name="footage_list"),
    path("film/footage/<uuid:pk>/", footage.page, name="footage"),
    path("film/footage/<uuid:pk>/progress/", footage.progress_part, name="footage_progress"),
    path("film/footage/<uuid:pk>/submit/", footage.submit, name="footage_submit"),
    path("film/footage/<uuid:pk>/stop/", footage.stop, name="footage_stop"),
    path("film/footage/<uuid:pk>/again/", footage.again, name="footage_again"),
    path("film/footage/<uuid:pk>/cover/", footage.cover, name="footage_cover"),
    path("film/footage/<uuid:pk>/sport/", footage.correct_sport, name="footage_sport"),
    path("film/footage/<uuid:pk>/telemetry/", footage.change_telemetry, name="footage_telemetry"),
    path("film/footage/<uuid:pk>/withdraw/", footage.withdraw, name="footage_withdraw"),
    path("film/clips/<uuid:pk>/<slug:kind>/", media.clip_media, name="clip_media"),
    path("film/private/", private.page, name="private"),
    path("film/private/towns/", private.nearby, name="private_towns"),
    path("film/private/<int:pk>/delete/", private.delete, name="private_delete"),
    path("film/data/", data.page, name="data"),
    path("film/data/export/", data.export, name="data_export"),
]
