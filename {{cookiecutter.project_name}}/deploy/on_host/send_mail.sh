#!/bin/sh
# Sends the mail that waits, as the site's user and in its code. To ask PostgreSQL whether there is
# any costs a tenth of a start of Django: see delivery.py of the app mail for what is due.
# A database elsewhere has a service; the one of the server knows the user.
[ ! -e ../pg_service.conf ] || export PGSERVICEFILE=../pg_service.conf PGSERVICE=site
due=$(psql -qAtX 2>/dev/null <<'SQL'
SELECT 1 FROM mail_queuedmail
WHERE (state = 'waiting' AND not_before <= now()) OR state = 'sending'
    OR (state <> 'waiting' AND created_at < now() - interval '30 days')
LIMIT 1
SQL
) || due=cannot-tell
[ -z "$due" ] || exec ../venv/bin/python manage.py send_queued_mail
