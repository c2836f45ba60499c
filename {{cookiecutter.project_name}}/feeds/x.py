"""X as a source: three questions of its API, and what its refusals mean.

https://docs.x.com/x-api/users/get-posts, .../lists/get-list-posts, .../posts/search-recent-posts
"""

import json
from datetime import timedelta

import requests
import tweepy
from django.utils import timezone

from .questions import LIST, SEARCH, USER, plain
from .sources import CREDENTIALS, CREDITS, FIELDS, GONE, NETWORK, QUERY, RATE, Page, Trouble
from .x_answers import POST, Answer
from .x_answers import USER as AUTHOR
from .x_client import client, in_time

LEAST = {USER: 5, LIST: 1, SEARCH: 10}  # posts that X lets one ask for
MOST = 100

# X knows both vocabularies, and takes no mixture. The first one is tweepy's.
TWEETS = {
    "called": "tweet.fields",
    "tweet_fields": "created_at,author_id,entities,note_tweet,referenced_tweets,attachments,"
    "edit_history_tweet_ids,lang,possibly_sensitive,withheld",
    "expansions": "author_id,referenced_tweets.id,referenced_tweets.id.author_id,"
    "attachments.media_keys",
}
POSTS = {
    "called": "post.fields",
    "tweet_fields": "created_at,entities,note_post,referenced_posts,attachments,"
    "edit_history_post_ids,lang,possibly_sensitive,withheld",
    "expansions": "author_id,referenced_posts,attachments.media_keys",
}
ALWAYS = {
    "user_fields": "name,username,profile_image_url,protected",
    "media_fields": "url,preview_image_url,alt_text,type,width,height",
}
SCHEMA = {"tweet.fields", "post.fields", "user.fields", "media.fields", "expansions"}

PROBLEMS_OF_THE_APP = ("client-forbidden", "client-not-enrolled", "user-not-enrolled")
PROBLEMS_OF_ONE = ("resource-not-found", "not-authorized-for-resource")


class X:
    """X with the keys of one app. A failure is a Trouble, whatever it was."""

    def __init__(self, credentials, url):
        self.credentials = credentials
        self.client = client(credentials, url)
        self.vocabulary = TWEETS

    @staticmethod
    def limit(type, wanted):
        """Return how many posts to ask for when so many are wanted."""
        return min(max(LEAST[type], wanted), MOST)

    @staticmethod
    def most(question):
        """Return what the question can cost at most, in 1/1000 US dollar."""
        authors = 1 if question.type == USER else question.limit
        others = question.limit * (POST + AUTHOR)  # retweeted or quoted, with their authors
        name = AUTHOR if question.type == USER and not question.remote_id else 0
        lookup = POST * len(question.known or []) if question.type == SEARCH else 0
        return POST * question.limit + AUTHOR * authors + others + name + lookup

    @staticmethod
    def problem(question):
        """Return why X would not understand the question, a str, or None."""
        try:
            plain(question.type, question.value)
        except ValueError as error:
            return str(error)
        return None

    @staticmethod
    def calls(question):
        """Return the calls of the API that the question takes, a str for people."""
        name = f"GET /2/users/by/username/{question.value}, "
        path = {
            USER: f"users/{question.remote_id or ':id'}/tweets",
            LIST: f"lists/{question.value}/tweets",
            SEARCH: "tweets/search/recent",
        }[question.type]
        return (
            (name if question.type == USER and not question.remote_id else "")
            + f"GET /2/{path}?max_results={question.limit}"
            + (", GET /2/tweets" if question.type == SEARCH and question.known else "")
        )

    def fetch(self, question):
        """Return the Page that answers the question."""
        self.now, self.cost, self.remote_id = timezone.now(), 0, question.remote_id
        try:
            return self.page(question)
        except Trouble as found:
            trouble = found
        except tweepy.HTTPException as error:
            trouble = self.refusal(error)
        except Exception as error:  # no network, no JSON, or JSON that is no answer
            text = self.credentials.hide(f"{type(error).__name__}: {error}")
            trouble = Trouble(NETWORK, text[:300])
        trouble.cost, trouble.remote_id = self.cost, self.remote_id
        raise trouble

    def page(self, question):
        if problem := self.problem(question):
            raise Trouble.later(QUERY, problem, self.now)
        value = plain(question.type, question.value)
        answer = {USER: self.timeline, LIST: self.of_list, SEARCH: self.search}[question.type](
            value, question
        )
        gone = None
        if question.known and question.type == SEARCH:
            gone = self.vanished(question.known)
        elif question.known is not None:
            gone = missing(question.known, answer)
        newest = max((raw["id"] for raw in answer.data), key=int, default="")
        newest_posts = list(answer.posts.values())[-MOST:]
        return Page(newest_posts, newest, self.remote_id, gone, self.cost)

    def timeline(self, name, question):
        if not self.remote_id:
            body = self.ask(self.client.get_user, username=name)
            self.remote_id = str(int(body["data"]["id"]))
            self.cost += AUTHOR
        since = question.since if question.known is None else None
        return self.posts(
            self.client.get_users_tweets, self.remote_id, question, since_id=since or None
        )

    def of_list(self, number, question):
        return self.posts(self.client.get_list_tweets, number, question)

    def search(self, query, question):
        """Search; X refuses a since_id of more than a week ago, so then without it."""
        since = question.since or None
        call = self.client.search_recent_tweets
        try:
            return self.posts(call, query, question, since_id=since)
        except tweepy.BadRequest as error:
            if not since or "since_id" not in error.response.text:
                raise
        return self.posts(call, query, question)

    def vanished(self, known):
        """Return those of the stored posts that X shows to nobody any more; None if it is mute."""
        ids = [post.remote_id for post in known]
        try:
            body = self.ask(self.client.get_tweets, ids, empty_is_gone=False)
        except Exception:  # what was found is worth more, and the next poll asks again
            return None
        found = {raw["id"] for raw in body.get("data") or []}
        hidden = {error.get("value") for error in body.get("errors") or []}
        self.cost += POST * len(found)
        return [post for post in known if post.remote_id in hidden - found]

    def posts(self, call, subject, question, **options):
        """Ask for posts; when X misunderstands the names of fields, once more with its others."""
        newer_than = "" if question.new_day else question.since
        for last in (False, True):
            fields = {**ALWAYS, **self.vocabulary}
            self.client.post_fields = fields.pop("called")
            try:
                body = self.ask(call, subject, max_results=question.limit, **options, **fields)
                answer = Answer(body, self.now)
                self.cost += answer.cost(newer_than)
                return answer.checked()
            except tweepy.BadRequest as error:
                if last or not SCHEMA & parameters(error):
                    raise
            except Trouble as trouble:
                if last or trouble.kind != FIELDS:
                    raise
            self.vocabulary = POSTS if self.vocabulary is TWEETS else TWEETS

    def ask(self, call, *arguments, empty_is_gone=True, **options):
        """Return the decoded answer of X. Raises Trouble where it answers 200 and has nothing."""
        response = in_time(call, *arguments, user_auth=self.credentials.user_auth, **options)
        body = json.loads(response.content)
        if empty_is_gone and "data" not in body:
            problems = [str(error.get("type")) for error in body.get("errors") or []]
            if problems and all(problem.endswith(PROBLEMS_OF_ONE) for problem in problems):
                detail = body["errors"][0].get("detail", problems[0])
                raise Trouble.later(GONE, self.credentials.hide(str(detail))[:300], self.now)
            if "result_count" not in (body.get("meta") or {}) or body["meta"]["result_count"]:
                raise Trouble(NETWORK, "an answer without data")
        return body

    def refusal(self, error):
        """Return the Trouble that an error status means."""
        response, status = error.response, error.response.status_code
        text = f"{status}: " + " ".join(self.credentials.hide(str(error)).split()[1:])
        text = text[:300]
        problem = problem_of(response)
        if status >= 500 or problem is None:
            return Trouble(NETWORK, text)
        if status == 401:
            return Trouble.later(CREDENTIALS, text, self.now)
        if status == 402 or problem.endswith("usage-capped"):
            return Trouble.later(CREDITS, text, self.now)
        if status == 403 and problem.endswith(PROBLEMS_OF_THE_APP):
            return Trouble.later(CREDENTIALS, text, self.now)
        if status == 404 or problem.endswith(PROBLEMS_OF_ONE):
            return Trouble.later(GONE, text, self.now)
        if status == 429:
            return Trouble(RATE, text, self.reset(error.reset_time))
        return Trouble.later(QUERY, text, self.now)

    def reset(self, seconds):
        """Return when to ask again: as X says, in a quarter of an hour at first, a day at last."""
        if seconds is None:
            return self.now + timedelta(minutes=15)
        wait = min(max(seconds - self.now.timestamp(), 60), 24 * 60 * 60)
        return self.now + timedelta(seconds=wait)


def missing(known, answer):
    """Return the stored posts that the whole newest page would have, and has not."""
    posts = answer.posts
    oldest = min((post.posted_at for post in posts.values()), default=None)
    if not answer.more:  # there is nothing before it
        oldest = None
    return [
        post
        for post in known
        if post.first_id not in posts and (oldest is None or post.posted_at >= oldest)
    ]


def parameters(error):
    """Return the names of the parameters that X objects to."""
    items = [item for item in error.api_errors if isinstance(item, dict)]
    return {name for item in items for name in item.get("parameters") or {}}


def problem_of(response):
    """Return the problem that X names, "" for none, or None where it was not X that answered."""
    if not response.content:
        return ""
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return None
    if body.get("reason") in PROBLEMS_OF_THE_APP:
        return body["reason"]
    if 453 in [error.get("code") for error in body.get("errors") or []]:
        return PROBLEMS_OF_THE_APP[0]
    return str(body.get("type", ""))
