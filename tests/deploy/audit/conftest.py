"""A site as `fab secure all` makes it, which browsers trust, and the CA that they trust."""

import time

import pytest
from cgroup import wait_for
from trust import DAY, HOST, MINUTE, ask, in_ledger, is_trusted, parts, trusting

INSISTS = f"max-age={365 * DAY}"


@pytest.fixture(scope="session")
def both(rig, up_with_packages, plain_template, tmp_path_factory):
    """The site, trusted by browsers, whose certificate was renewed twice; and the CA."""
    folder = tmp_path_factory.mktemp("audited")
    options = {"suite": "trixie", "is_secured": True}
    with trusting(up_with_packages, rig, plain_template, folder, **options) as (site, authority):
        authority.lead(**{HOST: site.host.address})
        wait_for(lambda: is_trusted(site), 2 * MINUTE)
        old = f"since = {time.time() - 80 * DAY}, until = {time.time() + 10 * DAY}"
        in_ledger(site, f"UPDATE name SET renewals = 1, {old} WHERE name = '{HOST}'")
        header = "Strict-Transport-Security"
        wait_for(lambda: ask(site, authority).headers[header] == INSISTS, 2 * MINUTE)
        (folder / "root.pem").write_text(authority.root)
        site.trusted = folder / "root.pem"
        yield site, authority


site, authority = parts()
