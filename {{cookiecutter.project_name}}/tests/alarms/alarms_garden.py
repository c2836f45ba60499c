"""A site whose checks a test answers, whose rounds have a clock of the test's own."""

import json

from deploy.on_host.alarms import round as rounds
from deploy.on_host.alarms import ways
from deploy.on_host.checks import Check

ANN, BOB = "ann@example.com", "bob@example.com"
ACCOUNT = {"smtp": True, "configured": True, "admins": [ANN], "sender": "site@garden.example"}
ACCOUNT |= {"url": "", "ping": ""}
BEGIN = 1_800_000_000


class Garden:
    """A live site with checks that a test answers, and the messages that it has sent."""

    def __init__(self, site):
        self.site, self.now = site, BEGIN
        self.wrong, self.asked = {}, {}
        self.mails, self.posts, self.pings = [], [], []
        self.refuse = set()

    def check(self, name, every=1):
        def ask(server):
            self.asked[name] = self.asked.get(name, 0) + 1
            if name in self.wrong:
                raise self.wrong[name]
            return "well"

        ask.__name__ = name
        return Check(ask, f"Is {name} well?", (), every)

    def minutes(self, number=1):
        for _ in range(number):
            rounds.Round(self.site, 8000, "garden.example", "garden", self.now).run()
            self.now += 60

    def mail(self, site, account, app, message):
        if message["To"] in self.refuse:
            raise ways.NotSent("450 4.2.0 Greylisted")
        self.mails.append(message)

    def subjects(self):
        return [message["Subject"] for message in self.mails]

    def lines(self):
        return [
            line for mail in self.mails for line in mail.get_content().split("\n") if "  " in line
        ]

    def configure(self, **values):
        (self.site.state / "account.json").write_text(json.dumps(ACCOUNT | values))
