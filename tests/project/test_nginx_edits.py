"""How long NGINX may show a page of before an edit."""

import time
from concurrent.futures import ThreadPoolExecutor

from servers import HOST, wait_until
from webserver import new_page

LOCKED = "BEGIN; LOCK TABLE pages_page IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(2); COMMIT"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def edit_about(administrator, database, words):
    """Write the page About in the page itself."""
    page = database.sql("SELECT id FROM pages_page WHERE slug = 'about' AND site_id = 1")
    fields = {"app": "pages", "model": "richtextpage", "fields": "content", "id": page}
    headers = {"Host": HOST, "Origin": f"https://{HOST}", "X-Forwarded-Proto": "https"}
    answer = administrator.open("/edit/", fields | {"content": words}, **headers)
    assert (answer.status, answer.text) == (200, "")


def test_who_comes_while_another_makes_the_page_is_not_shown_that_of_before_the_edit(
    nginx, administrator, database
):
    new_page(nginx, "/about/")
    edit_about(administrator, database, "Written just now")
    edited = int(time.time())
    wait_until(lambda: time.time() >= edited + 2)  # in which nobody has asked for it
    with ThreadPoolExecutor(3) as pool:
        pool.submit(database.sql, LOCKED)
        pool.submit(wait_until, lambda: "AccessExclusive" in locks(database)).result()
        first = pool.submit(nginx.open, "/about/")
        pool.submit(wait_until, lambda: int(database.sql(WAITING)) > 0).result()
        second = pool.submit(nginx.open, "/about/")
    assert "Written just now" in first.result().text
    assert "Written just now" in second.result().text


def locks(database):
    found = "SELECT mode FROM pg_locks WHERE granted AND relation = 'pages_page'::regclass"
    return database.sql(found)
