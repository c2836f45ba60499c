"""The server asks the table of checks itself, each minute by cron, and tells what has changed."""
