"""Keep every object as a JSON row in SQLite, in memory or in a file that outlives a restart."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import Obj

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, account TEXT NOT NULL,
  created INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_kind ON objects (kind, account, seq);
CREATE TABLE IF NOT EXISTS idempotency (
  account TEXT NOT NULL, key TEXT NOT NULL, endpoint TEXT NOT NULL, params TEXT NOT NULL, status INTEGER NOT NULL,
  body TEXT NOT NULL, request_id TEXT NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (account, key));
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, endpoint TEXT NOT NULL, due REAL NOT NULL,
  state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, status INTEGER, error TEXT, finished REAL);
CREATE INDEX IF NOT EXISTS deliveries_state ON deliveries (state, due);
CREATE INDEX IF NOT EXISTS deliveries_event ON deliveries (event);
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
TABLES = ("objects", "idempotency", "deliveries", "meta")


class Store:
    """Serialise all reads and writes: one writer at a time is what makes a run repeatable."""

    def __init__(self, folder: Path | None) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        target = ":memory:" if folder is None else str(folder / "stripe.sqlite3")
        self.db = sqlite3.connect(target, isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.lock = threading.RLock()
        self.depth = 0
        if folder is not None:
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute("PRAGMA synchronous=NORMAL")
        self.db.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything of the outermost block, or nothing."""
        with self.lock:
            if self.depth == 0:
                self.db.execute("BEGIN IMMEDIATE")
            self.depth += 1
            try:
                yield
            except BaseException:
                self.depth -= 1
                if self.depth == 0:
                    self.db.execute("ROLLBACK")
                raise
            self.depth -= 1
            if self.depth == 0:
                self.db.execute("COMMIT")

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Run one statement."""
        with self.lock:
            return self.db.execute(sql, values).fetchall()

    def add(self, obj: Obj, *, account: str = "") -> Obj:
        """Insert a new object."""
        self.rows(
            "INSERT INTO objects (id, kind, account, created, body) VALUES (?, ?, ?, ?, ?)",
            obj["id"], obj["object"], account, obj["created"], json.dumps(obj),
        )  # fmt: skip
        return obj

    def save(self, obj: Obj) -> Obj:
        """Write an object back."""
        self.rows("UPDATE objects SET body = ? WHERE id = ?", json.dumps(obj), obj["id"])
        return obj

    def delete(self, id: str) -> None:
        """Forget an object."""
        self.rows("DELETE FROM objects WHERE id = ?", id)

    def get(self, id: str, *, kind: str | None = None, account: str | None = None) -> Obj | None:
        """Read an object; None when it is absent, of another kind or of another account."""
        found = self.rows("SELECT kind, account, body FROM objects WHERE id = ?", id)
        if (
            not found
            or (kind and found[0]["kind"] != kind)
            or (account is not None and found[0]["account"] != account)
        ):
            return None
        body: Obj = json.loads(found[0]["body"])
        return body

    def account_of(self, id: str) -> str:
        """Name the account that owns an object."""
        return str(self.rows("SELECT account FROM objects WHERE id = ?", id)[0]["account"])

    def find(
        self,
        kind: str,
        *,
        account: str | None = None,
        where: Obj | None = None,
        created: Obj | None = None,
        before: str | None = None,
        after: str | None = None,
        limit: int = -1,
        oldest_first: bool = False,
    ) -> list[Obj]:
        """List objects, newest first; `before` and `after` are ids whose neighbours are wanted."""
        clauses, values = ["kind = ?"], [kind]
        if account is not None:
            clauses.append("account = ?")
            values.append(account)
        for field, wanted in (where or {}).items():
            clauses.append("json_extract(body, ?) = ?")
            values += [f"$.{field}", wanted]
        for operator, moment in (created or {}).items():
            clauses.append(f"created {({'gt': '>', 'gte': '>=', 'lt': '<', 'lte': '<='})[operator]} ?")
            values.append(moment)
        if after:
            clauses.append("seq < (SELECT seq FROM objects WHERE id = ?)")
            values.append(after)
        if before:
            clauses.append("seq > (SELECT seq FROM objects WHERE id = ?)")
            values.append(before)
        # Only column names and operators of this file are put into the statement.
        order = "ASC" if oldest_first else "DESC"
        sql = f"SELECT body FROM objects WHERE {' AND '.join(clauses)} ORDER BY seq {order} LIMIT ?"  # noqa: S608
        return [json.loads(row["body"]) for row in self.rows(sql, *values, limit)]

    def meta(self, name: str, default: Any = None) -> Any:
        """Read a setting of the simulator itself."""
        found = self.rows("SELECT value FROM meta WHERE name = ?", name)
        return json.loads(found[0]["value"]) if found else default

    def set_meta(self, name: str, value: Any) -> None:
        """Write a setting of the simulator itself."""
        self.rows("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", name, json.dumps(value))

    def reset(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in TABLES:
                self.rows(f"DELETE FROM {table}")  # noqa: S608 -- a constant of this file

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self.db.close()
