"""A crawler that asks for more pages than Django can make, and the visitors beside it."""

import http.client
import ssl
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

from servers import HOST
from webserver import new_page

CRAWLERS = 24  # connections, three for each thread of gunicorn
VISITORS = 8
ASKED = 200  # times that each of them asks, some twenty a second


class Connection:
    """A connection that stays open, by which a browser or a crawler asks."""

    def __init__(self, port):
        context = ssl._create_unverified_context()
        self.to = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context)

    def ask(self, path):
        """Return the answer, with its .body, and how many .seconds it took."""
        begin = time.perf_counter()
        self.to.request("GET", path, headers={"Host": HOST})
        answer = self.to.getresponse()
        answer.body = answer.read()
        answer.seconds = time.perf_counter() - begin
        assert answer.status == 200
        return answer


@contextmanager
def crawling(port):
    """Ask for other and other pages, none of them kept; yield a list of the seconds of each."""
    numbers, times, over = count(), [], threading.Event()

    def crawl(_):
        connection = Connection(port)
        while not over.is_set():
            times.append(connection.ask(f"/search/?q=nothing{next(numbers)}").seconds)

    with ThreadPoolExecutor(CRAWLERS) as pool:
        crawlers = pool.map(crawl, range(CRAWLERS))
        try:
            yield times
        finally:
            over.set()
        list(crawlers)  # raises what one of them has


def visit(port, page):
    """Let visitors ask for a kept page; return their answers, the fastest first."""

    def visitor(_):
        connection, answers = Connection(port), []
        for _ in range(ASKED):
            answers.append(connection.ask("/"))
            assert answers[-1].body == page.body
            time.sleep(0.05)  # for so long that NGINX has to ask for the page many times
        return answers

    with ThreadPoolExecutor(VISITORS) as pool:
        answers = [answer for some in pool.map(visitor, range(VISITORS)) for answer in some]
    return sorted(answers, key=lambda answer: answer.seconds)


def milliseconds(answers):
    """Return the median and what 99 of 100 answers took at the most."""
    return [answers[len(answers) * part // 100].seconds * 1000 for part in (50, 99)]


def test_beside_a_crawler_one_visitor_at_a_time_waits_for_a_kept_page(nginx, figures):
    page = new_page(nginx)
    alone = visit(nginx.port, page)
    with crawling(nginx.port) as crawled:
        beside = visit(nginx.port, page)
    waited = statistics.median(crawled)
    (median, slow), (median_beside, slow_beside) = milliseconds(alone), milliseconds(beside)
    from_nginx = [answer for answer in beside if answer.headers["Kept"] in ("HIT", "UPDATING")]
    times, asked_django = median_beside / median, len(beside) - len(from_nginx)
    figures(
        f"a kept page: {median:.1f} ms, 99 % within {slow:.0f}; beside a crawler that waits"
        f" {waited * 1000:,.0f} ms for each page: {median_beside:.1f} ms ({times:.1f} x), 99 %"
        f" within {slow_beside:.0f}; {asked_django} of {len(beside)} waited for Django"
    )
    # Whoever comes first after a second asks Django; all others have the page of NGINX meanwhile.
    assert len(from_nginx) > 0.9 * len(beside)
    assert median_beside / 1000 < waited / 5
    assert from_nginx[len(from_nginx) * 99 // 100].seconds < waited
