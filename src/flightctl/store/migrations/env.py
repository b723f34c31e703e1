"""Alembic's entry: it runs inside the transaction and on the connection that ``store.migrate`` hands it."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
context.run_migrations()
