"""Public pages of a live site in the eyes of Lighthouse, on a telephone."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from support import program, unavailable
from trust import HOST, ask, trusting_home

pytestmark = pytest.mark.long
LIGHTHOUSE = Path(__file__).parent / "node_modules/.bin/lighthouse"
LEAST = {"accessibility": 1, "best-practices": 0.98, "seo": 0.98}
OPTIONS = [
    *["--quiet", "--output=json", "--output-path=stdout", "--screenEmulation.mobile"],
    *["--screenEmulation.width=390", "--screenEmulation.height=844"],
    f"--only-categories={','.join([*LEAST, 'performance'])}",
]
CONTENT = """
from django.contrib.auth import get_user_model
from django.core.management import call_command
from homepage.demo import fill, make_home_page
from mezzanine.pages.models import Page
Page.objects.get(slug="/").delete()
call_command("loaddata", "mezzanine_optional.json", verbosity=0)
make_home_page("")
fill(get_user_model().objects.first())
"""
PAGES = ["home", "post", "gallery", "form", "text"]


@pytest.fixture(scope="module")
def home(site, authority, tmp_path_factory):
    return trusting_home(tmp_path_factory.mktemp("lighthouse"), authority)


@pytest.fixture(scope="module")
def addresses(site, authority):
    """The path of each of PAGES, a dict, on a site with content to look at."""
    site.fab("python", CONTENT)
    blog = ask(site, authority, path="/blog/").text
    post = re.search(r'<h2[^>]*>\s*<a href="(/blog/[^"]+)"', blog)[1]
    return dict(zip(PAGES, ["/", post, "/gallery/", "/contact/", "/about/"], strict=True))


@pytest.fixture(params=PAGES)
def report(request, site, home, addresses):
    """What Lighthouse says of a page; .name is which."""
    if not LIGHTHOUSE.exists():
        unavailable("Lighthouse is not installed: npm ci --prefix tests/deploy/audit")
    rules = f"--host-resolver-rules='MAP {HOST} {site.host.address}'"
    flags = f"--chrome-flags=--headless=new --no-sandbox --disable-gpu {rules}"
    words = [LIGHTHOUSE, f"https://{HOST}{addresses[request.param]}", flags, *OPTIONS]
    chromium = {"HOME": str(home), "CHROME_PATH": program("chromium", "chromium")}
    run = subprocess.run(words, capture_output=True, text=True, env=os.environ | chromium)
    assert run.returncode == 0, run.stderr
    return request.param, json.loads(run.stdout)


def test_nothing_keeps_anybody_out_and_search_engines_find_it(report, figures):
    name, found = report
    scores = {each: found["categories"][each]["score"] for each in LEAST}
    audits = found["audits"].values()
    failed = [each["id"] for each in audits if each["score"] is not None and each["score"] < 1]
    shown = ", ".join(f"{each} {score * 100:.0f}" for each, score in scores.items())
    loaded = found["audits"]["network-requests"]["details"]["items"]
    own = [each for each in loaded if each["resourceType"] != "Other"]  # the icon, the manifest
    size = sum(each["transferSize"] for each in own)
    shift = found["audits"]["cumulative-layout-shift"]["numericValue"]
    figures(f"Lighthouse, {name}: {shown}; {len(own)} requests, {size:,} bytes, shift {shift:.3f}")
    assert all(scores[each] >= least for each, least in LEAST.items()), failed
    assert shift == 0
    if name == "text":
        assert len(own) <= 4
        assert size <= 25_000
    if name == "home":
        assert size <= 150_000
