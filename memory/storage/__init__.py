"""The database: SQLite or PostgreSQL, migrations, time and errors."""
