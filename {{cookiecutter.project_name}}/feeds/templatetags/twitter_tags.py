"""The tags of Mezzanine's twitter_tags: {% tweets_for_user "example" 3 as tweets %}.

They read the database and never call X. A feed that is named in a template is remembered, and the
next poll asks for it. One whose name comes from a variable could be anything that a visitor sent;
it has to be added in the admin.
"""

from django import template
from django.template.base import VariableDoesNotExist
from mezzanine.conf import settings

from feeds.models import KEPT, Feed
from feeds.questions import LIST, SEARCH, USER

register = template.Library()


class TweetsNode(template.Node):
    """Sets a variable of the template to a list of models.Post."""

    def __init__(self, type, words, name):
        self.type, self.words, self.name = type, words, name

    def render(self, context):
        context[self.name] = self.tweets(*[self.resolve(word, context) for word in self.words])
        return ""

    def resolve(self, word, context):
        """Return a value and whether the template has it, as of any word that is no variable."""
        variable = template.Variable(word)
        try:
            return variable.resolve(context), variable.lookups is None
        except VariableDoesNotExist:
            return word, True

    def tweets(self, query, *more):
        value, is_literal = query
        if more and str(more[-1][0]).isdecimal():
            number = wanted = int(more[-1][0])
        else:
            number, wanted = KEPT, settings.TWITTER_DEFAULT_NUM_TWEETS
        return tweets_of(self.type, str(value), wanted, is_literal)[:number]


class DefaultTweetsNode(TweetsNode):
    def tweets(self):
        value, number = settings.TWITTER_DEFAULT_QUERY, settings.TWITTER_DEFAULT_NUM_TWEETS
        if not value.strip():
            return []
        return tweets_of(settings.TWITTER_DEFAULT_QUERY_TYPE, value, number)[: max(number, 0)]


def tweets_of(type, value, wanted, remember=True):
    """Return the tweets of a feed; of a list the newest one of each user, as in Mezzanine."""
    tweets = Feed.objects.shown(type, value, wanted, remember)
    if type == LIST:
        newest = {tweet.user_name: tweet for tweet in reversed(tweets)}
        tweets = sorted(newest.values(), key=lambda tweet: tweet.posted_at, reverse=True)
    return tweets


def register_tag(name, type, node=TweetsNode):
    def compile(parser, token):
        _tag, *words = token.split_contents()
        if len(words) < 2 + (node is TweetsNode) or words[-2] != "as":
            example = name if type is None else f'{name} "NAME" 3'
            raise template.TemplateSyntaxError("Type {% " + example + " as tweets %}")
        return node(type, words[:-2], words[-1])

    register.tag(name, compile)


register_tag("tweets_for_user", USER)
register_tag("tweets_for_list", LIST)
register_tag("tweets_for_search", SEARCH)
register_tag("tweets_default", None, DefaultTweetsNode)
