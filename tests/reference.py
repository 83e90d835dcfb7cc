"""The database as migrations leave it, brought back after each test that commits.

Django's own way empties every table by TRUNCATE and makes all permissions anew: a third of a second a test. Few rows
were written, so deleting them and copying the others back takes a hundredth.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.test import TransactionTestCase

KEPT = "reference"  # the schema that holds the rows of migrations: licence texts, consent texts, permissions
_statements: list[str] = []


def remember_reference_rows() -> None:
    """Keep what is in the test database while it is new, and have Django bring that back."""
    tables = [
        connection.ops.quote_name(name)
        for name in connection.introspection.django_table_names(only_existing=True, include_views=False)
    ]
    # No trigger may refuse it, no foreign key asks for an order; who still writes is waited for, as by TRUNCATE.
    _statements[:] = ["SET LOCAL session_replication_role = replica", f"LOCK TABLE {', '.join(tables)}"]
    _statements.extend(f"DELETE FROM {table}" for table in tables)  # noqa: S608 - names of our own models
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {KEPT}")
        for table in tables:
            cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")  # noqa: S608 - as above
            if cursor.fetchone() == (True,):
                cursor.execute(f"CREATE TABLE {KEPT}.{table} AS TABLE {table}")
                _statements.append(f"INSERT INTO {table} TABLE {KEPT}.{table}")
    TransactionTestCase._fixture_teardown = lambda _: restore_reference_rows()  # type: ignore[attr-defined]


def restore_reference_rows() -> None:
    """Delete whatever is in the database and put the rows of migrations there again."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("; ".join(_statements))
