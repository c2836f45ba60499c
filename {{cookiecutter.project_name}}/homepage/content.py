"""The demo content: a guest house by a lake. Its pictures were drawn for it, and are yours to use.

HERO, FEATURES and CONTACT have fields of a Section, TITLES and PAGES the titles and texts of pages
by their slugs, BLOG and GALLERY the texts of two more, FORM and FIELDS those of the form and of its
fields, PICTURES what is below each picture of the gallery, and POSTS tuples of a title, a text and
a picture. locale/ has them in other languages.
"""

from django.utils.translation import gettext_lazy as _

INTRODUCTION = _(
    "A guest house between the hills and the lake: three rooms, a long table, no hurry."
)

HERO = {
    "title": _("Good morning from the lake"),
    "text": _(
        "We are a guest house with three rooms and a long table. You come by the last bus or on"
        " foot, the soup is warm until ten, and from the kitchen window you see who is up first:"
        " the heron or the neighbour."
    ),
    "picture": "morning.webp",
    "picture_text": _("A small house on a hill at sunrise, with a path that leads to its door"),
    "link": "/contact/",
    "link_text": _("Ask for a room"),
}

FEATURES = [
    {
        "title": _("Out on the water"),
        "text": _(
            "The red boat lies at the end of the garden and belongs to whoever is awake. It is"
            " twenty minutes to the island, and longer back, since there are blackberries."
        ),
        "picture": "lake.webp",
        "picture_text": _("A red sailing boat on a calm lake in summer"),
        "link": "/gallery/",
        "link_text": _("See the lake"),
    },
    {
        "title": _("Walks from the door"),
        "text": _(
            "Four paths begin behind the orchard. The short one takes an hour and ends with"
            " cake. For the long one we lend you a map, on which the good benches are marked."
        ),
        "picture": "spring.webp",
        "picture_text": _("Fruit trees in blossom on a green hill"),
        "link": "/about/",
        "link_text": _("Who we are"),
    },
    {
        "title": _("A stove in winter"),
        "text": _(
            "From November on there is a fire by four. There are more books than guests, and"
            " whoever finishes the jigsaw puzzle may choose the dinner."
        ),
        "picture": "winter.webp",
        "picture_text": _("A wooden house in the snow with light in its window"),
        "link": "/blog/",
        "link_text": _("Read on in the blog"),
    },
]

CONTACT = {
    "title": _("Write to us"),
    "text": _(
        "Tell us when you would like to come and what you like for breakfast. One of us answers"
        " each evening, when the plates are dry."
    ),
}

PAGES = {
    "about": _("""<p>We took over the house when its roof had a hole the size of a door. The first
guest came before it was mended, saw the stars from bed, and came back the year after to ask for the
same room. So the hole is a window now.</p>
<p>Today there are three rooms, eleven chairs that do not match, and a table for all of them. We
cook what the garden and the neighbours have, and you eat when you are hungry.</p>"""),
    "about/team": _("""<p><strong>Ida</strong> bakes, keeps the boats dry and knows the birds by
their first names. <strong>Jonas</strong> answers your letters, mends what the boats have done to
themselves, and cooks on Sundays.</p>
<p>Then there is <strong>Captain</strong>, a cat, who chooses a guest each evening. It is an honour,
and warm.</p>"""),
    "about/history": _("""<table><caption>The house in six lines</caption><tbody>
<tr><th scope="row">1874</th><td>A ferryman builds it, of what the lake brings.</td></tr>
<tr><th scope="row">1921</th><td>His daughter opens a café; the bell is hers.</td></tr>
<tr><th scope="row">1958</th><td>The bridge is finished, and the ferry is not needed.</td></tr>
<tr><th scope="row">1986</th><td>The last coffee. The swallows move in.</td></tr>
<tr><th scope="row">2012</th><td>We move in; the swallows stay.</td></tr>
<tr><th scope="row">Today</th><td>Three rooms, one bell, nine nests.</td></tr>
</tbody></table>"""),
    "contact/legals": _("""<p>Who is responsible for this site, with name and address, stands here.
What has to be said about data and cookies as well: this site sets no cookie for somebody who only
reads.</p>"""),
}

TITLES = {
    "about": _("About"),
    "about/team": _("Team"),
    "about/history": _("History"),
    "gallery": _("Gallery"),
    "contact": _("Contact"),
    "contact/legals": _("Legals"),
}

FORM = {
    "content": _("<p>Fill in the form below to get in touch with us.</p>"),
    "response": _(
        "<p>Thanks for getting in touch with us. We'll get back to you as soon as possible.</p>"
    ),
}
FIELDS = {
    "Name": {"label": _("Name")},
    "Email": {"label": _("Email")},
    "Subject": {"label": _("Subject"), "choices": _("Billing, Sales, Support")},
    "Message": {"label": _("Message")},
}

BLOG = _("<p>Notes from the house: what is in season, what went wrong, and who came by.</p>")
GALLERY = _("<p>The same hills, through the year. Choose a picture to see it in full.</p>")
PICTURES = {
    "aurora.webp": _("The night in March on which nobody slept"),
    "autumn.webp": _("October: the hill above the house"),
    "mist.webp": _("The long walk, before breakfast"),
    "night.webp": _("The lighthouse, from room two"),
    "morning.webp": _("Six in the morning: the path to the door"),
    "spring.webp": _("April, behind the orchard"),
    "lake.webp": _("July, and nobody indoors"),
    "winter.webp": _("January, by four in the afternoon"),
}

POSTS = [  # the newest first
    (
        _("Hello"),
        _("""<p>This house has a place on the web now, so that you can see before you come whether
the lake is frozen. We write when there is something to tell: a new boat, an old recipe, the first
swallow.</p>
<p>Comments are open. Tell us what you would like to know, or what we forgot to put into your
bag.</p>"""),
        "letters.webp",
    ),
    (
        _("How to read a lake"),
        _("""<p>Smooth as slate means wind within the hour. Small scales running north: take a
jacket. When the heron stands on the jetty, nobody has been there before you, and the water is
yours.</p>
<blockquote><p>A lake is never the same blue twice, said the ferryman, and charged for
both.</p></blockquote>
<p>White crests in the middle mean that the boat stays where it is and you play cards.</p>"""),
        "heron.webp",
    ),
    (
        _("Soup for eleven chairs"),
        _("""<p>Fry two onions slowly. Add what the garden has too much of, a handful of barley for
each guest and one for the one who comes late. Water to cover, an hour, salt.</p>
<p>It is better on the second day. It has never seen one.</p>"""),
        "soup.webp",
    ),
]
