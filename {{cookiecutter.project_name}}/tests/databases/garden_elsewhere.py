"""The database of a site that is on another host."""

URL = "postgresql://gardener@db.example.com:5433/garden"
