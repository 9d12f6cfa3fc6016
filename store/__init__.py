"""PostgreSQL and Redis: tables, migrations, repositories, live state, and the embedded servers."""
