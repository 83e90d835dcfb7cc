import pytest


@pytest.mark.django_db
def test_database(s3):
    from django.db import connection
    with connection.cursor() as c:
        c.execute("show synchronous_commit")
        assert c.fetchone() == ("on",)
