"""The database: SQLite or PostgreSQL, migrations, timestamps, errors."""
