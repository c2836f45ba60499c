"""A small X on this machine: `python tests/fake_x.py 8099` answers as its API does.

It knows the users and posts of x_api/*.json, checks keys and parameters as X would, hands out only
the fields that were asked for, writes down every request and counts what it would charge for.
`faults` says what it answers instead: a file of x_api, a status, or a function of the handler.
"""

import base64
import hashlib
import hmac
import json
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl, quote, unquote, urlsplit

FIXTURES = Path(__file__).parent / "x_api"

# What the keys of the tests are called, and the secrets that belong to them.
BEARER = "bearer-of-the-tests"
CONSUMER, TOKEN = ("consumer-key", "consumer-secret"), ("token-key", "token-secret")

OLD, NEW = ("tweet", "post"), ("post", "tweet")  # a vocabulary, and what it is not
ALWAYS = {"id", "text", "edit_history_tweet_ids", "name", "username", "media_key", "type"}
ALWAYS |= {"edit_history_post_ids"}


def load(name):
    return json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))


class FakeX(ThreadingHTTPServer):
    """Its state may be changed while it runs: .posts, .users, .timelines, .lists, .found."""

    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.requests, self.faults = [], {}
        self.bearers, self.clock = {BEARER}, time.time
        self.vocabularies = [OLD, NEW]
        pages = [
            load(name) for name in ("users_id_tweets", "lists_id_tweets", "tweets_search_recent")
        ]
        self.posts, self.users, self.media = {}, {}, {}
        for page in pages:
            includes = page["includes"]
            for post in [*page["data"], *includes.get("tweets", [])]:
                self.posts[post["id"]] = post
            self.users |= {user["id"]: user for user in includes["users"]}
            self.media |= {item["media_key"]: item for item in includes.get("media", [])}
        timeline, listed, found = ([post["id"] for post in page["data"]] for page in pages)
        self.timelines = {"1000000000000000001": timeline}
        self.lists, self.found = {"84": listed}, found

    def paths(self):
        """Return the paths that were asked for, without /2/."""
        return [request.path.removeprefix("/2/") for request in self.requests]

    def add(self, user_id, text, **fields):
        """Let a user write a post; return its ID, newer than all others."""
        new_id = str(int(max(self.posts, key=int)) + 1)
        post = {"id": new_id, "text": text, "author_id": user_id, "lang": "en"}
        post |= {"created_at": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(self.clock()))}
        self.posts[new_id] = post | {"edit_history_tweet_ids": [new_id]} | fields
        self.timelines.setdefault(user_id, []).insert(0, new_id)
        return new_id

    def answer(self, path, query):
        """Return the status and the JSON of X's answer."""
        if match := re.fullmatch(r"/2/users/by/username/(\w{1,15})", path, re.A):
            return self.user(match[1])
        if match := re.fullmatch(r"/2/users/(\d+)/tweets", path):
            if match[1] not in self.users:
                return 200, load("error_200_user_not_found")["body"]
            return self.page(self.timelines.get(match[1], []), query, least=5)
        if match := re.fullmatch(r"/2/lists/(\d+)/tweets", path):
            if match[1] not in self.lists or "since_id" in query:
                return (404, None) if "since_id" not in query else invalid("since_id")
            return self.page(self.lists[match[1]], query, least=1, is_list=True)
        if path == "/2/tweets/search/recent":
            return self.page(self.found, query, least=10)
        if path == "/2/tweets":
            return self.lookup(query["ids"].split(","), query)
        return 404, None

    def user(self, name):
        for user in self.users.values():
            if user["username"].lower() == name.lower():
                return 200, {"data": user}
        return 200, load("error_200_user_not_found")["body"]

    def page(self, ids, query, least, is_list=False):
        size = int(query.get("max_results", 100 if is_list else 10))
        if not least <= size <= 100:
            return invalid("max_results")
        if {"tweet.fields", "post.fields"} <= query.keys():
            return invalid("post.fields")
        since = int(query.get("since_id", 0))
        newest = sorted((int(id) for id in ids if id in self.posts), reverse=True)
        fresh = [id for id in newest if id > since]
        raws = [self.posts[str(id)] for id in fresh[:size]]
        meta = {"result_count": len(raws)}
        if raws and not is_list:
            meta |= {"newest_id": raws[0]["id"], "oldest_id": raws[-1]["id"]}
        if len(fresh) > size or (fresh and since and len(fresh) < len(newest)):
            meta["next_token"] = "more"
        body = {"meta": meta}
        if raws:
            body |= self.expanded(raws, query)
        return 200, body

    def lookup(self, ids, query):
        gone = load("tweets_lookup.partial")["errors"][0]
        raws = [self.posts[id] for id in ids if id in self.posts]
        errors = [gone | {"value": id, "resource_id": id} for id in ids if id not in self.posts]
        body = self.expanded(raws, query) if raws else {}
        return 200, body | ({"errors": errors} if errors else {})

    def expanded(self, raws, query):
        """Return data and includes with the fields that were asked for, in their vocabulary."""
        vocabulary, _other = next(
            (pair for pair in self.vocabularies if f"{pair[0]}.fields" in query),
            self.vocabularies[0],
        )
        expansions = set(query.get("expansions", "").split(","))
        references = {f"referenced_{vocabulary}s", f"referenced_{vocabulary}s.id"}
        others, people, pictures = {}, {}, {}
        if references & expansions:
            for raw in raws:
                for item in raw.get("referenced_tweets", []):
                    if item["id"] in self.posts:
                        others[item["id"]] = self.posts[item["id"]]
        if "author_id" in expansions:
            for raw in [*raws, *others.values()]:
                if raw["author_id"] in self.users:
                    people[raw["author_id"]] = self.users[raw["author_id"]]
        if "attachments.media_keys" in expansions:
            for raw in raws:
                for key in raw.get("attachments", {}).get("media_keys", []):
                    pictures[key] = self.media[key]
        fields = set(query.get(f"{vocabulary}.fields", "").split(",")) | expansions
        includes = {
            "users": only(people.values(), query.get("user.fields", "").split(",")),
            "tweets" if vocabulary == "tweet" else "posts": self.told(
                others.values(), fields, vocabulary
            ),
            "media": only(pictures.values(), query.get("media.fields", "").split(",")),
        }
        data = self.told(raws, fields, vocabulary)
        return {"data": data, "includes": {key: value for key, value in includes.items() if value}}

    def told(self, raws, fields, vocabulary):
        told = [{key.replace("tweet", vocabulary): raw[key] for key in raw} for raw in raws]
        return only(told, fields)


def only(items, fields):
    return [{key: item[key] for key in item if key in ALWAYS | set(fields)} for item in items]


def invalid(parameter):
    body = load("error_400_since_id_too_old")["body"]
    error = {"parameters": {parameter: ["?"]}, "message": f"'{parameter}' is not valid here"}
    return 400, body | {"errors": [error]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits for 40 ms

    def do_GET(self):
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.path == "/requests":  # for those who run it as a program
            self.reply(200, self.server.paths())
            return
        request = SimpleNamespace(path=parts.path, query=query, headers=dict(self.headers))
        self.server.requests.append(request)
        for pattern, fault in self.server.faults.items():
            if re.search(pattern, self.path):
                self.fail(fault)
                return
        if not self.is_authorized(parts.path, query):
            self.fail("error_401")
            return
        self.reply(*self.server.answer(parts.path, query))

    def fail(self, fault):
        if callable(fault):
            fault(self)
            return
        answer = load(fault)
        self.reply(answer["status"], answer["body"], answer["headers"])

    def reply(self, status, body, headers=()):
        """Send JSON, or text as it is, or nothing for None."""
        text = body if isinstance(body, str) else json.dumps(body)
        content = b"" if body is None else text.encode()
        self.send_response(status)
        headers = dict(headers)
        if headers.get("x-rate-limit-reset") == "<unix time>":
            headers["x-rate-limit-reset"] = str(int(self.server.clock()) + 600)
        for name, value in {"content-type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def is_authorized(self, path, query):
        """Check the bearer token, or the signature of OAuth 1.0a (RFC 5849, section 3.4)."""
        scheme, _space, value = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Bearer":
            return value in self.server.bearers
        sent = {key: unquote(word) for key, word in re.findall(r'(\w+)="([^"]*)"', value)}
        signature = sent.pop("oauth_signature", "")
        if (sent.get("oauth_consumer_key"), sent.get("oauth_token")) != (CONSUMER[0], TOKEN[0]):
            return False
        pairs = sorted((quote(k, "~"), quote(v, "~")) for k, v in {**query, **sent}.items())
        signed = "&".join(f"{key}={word}" for key, word in pairs)
        url = f"https://api.twitter.com{path}"
        base = "&".join(quote(part, "~") for part in ("GET", url, signed))
        key = f"{CONSUMER[1]}&{TOKEN[1]}".encode()
        digest = hmac.new(key, base.encode(), hashlib.sha1).digest()
        return hmac.compare_digest(base64.b64encode(digest).decode(), signature)

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    FakeX(int(sys.argv[1])).serve_forever()
