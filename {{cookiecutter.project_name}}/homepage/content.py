"""The demo content: a guest house by a lake. Its pictures were drawn for it, and are yours to use.

HERO, FEATURES and CONTACT have fields of a Section, PAGES the texts of pages by their slugs, BLOG
and GALLERY those of two more pages, PICTURES what is below each picture of the gallery, and POSTS
tuples of a title, a text and a picture.
"""

INTRODUCTION = "A guest house between the hills and the lake: three rooms, a long table, no hurry."

HERO = {
    "title": "Good morning from the lake",
    "text": "We are a guest house with three rooms and a long table. You come by the last bus or on"
    " foot, the soup is warm until ten, and from the kitchen window you see who is up first: the"
    " heron or the neighbour.",
    "picture": "morning.webp",
    "picture_text": "A small house on a hill at sunrise, with a path that leads to its door",
    "link": "/contact/",
    "link_text": "Ask for a room",
}

FEATURES = [
    {
        "title": "Out on the water",
        "text": "The red boat lies at the end of the garden and belongs to whoever is awake. It is"
        " twenty minutes to the island, and longer back, since there are blackberries.",
        "picture": "lake.webp",
        "picture_text": "A red sailing boat on a calm lake in summer",
        "link": "/gallery/",
        "link_text": "See the lake",
    },
    {
        "title": "Walks from the door",
        "text": "Four paths begin behind the orchard. The short one takes an hour and ends with"
        " cake. For the long one we lend you a map, on which the good benches are marked.",
        "picture": "spring.webp",
        "picture_text": "Fruit trees in blossom on a green hill",
        "link": "/about/",
        "link_text": "Who we are",
    },
    {
        "title": "A stove in winter",
        "text": "From November on there is a fire by four. There are more books than guests, and"
        " whoever finishes the jigsaw puzzle may choose the dinner.",
        "picture": "winter.webp",
        "picture_text": "A wooden house in the snow with light in its window",
        "link": "/blog/",
        "link_text": "Read on in the blog",
    },
]

CONTACT = {
    "title": "Write to us",
    "text": "Tell us when you would like to come and what you like for breakfast. One of us answers"
    " each evening, when the plates are dry.",
}

PAGES = {
    "about": """<p>We took over the house when its roof had a hole the size of a door. The first
guest came before it was mended, saw the stars from bed, and came back the year after to ask for the
same room. So the hole is a window now.</p>
<p>Today there are three rooms, eleven chairs that do not match, and a table for all of them. We
cook what the garden and the neighbours have, and you eat when you are hungry.</p>""",
    "about/team": """<p><strong>Ida</strong> bakes, keeps the boats dry and knows the birds by their
first names. <strong>Jonas</strong> answers your letters, mends what the boats have done to
themselves, and cooks on Sundays.</p>
<p>Then there is <strong>Captain</strong>, a cat, who chooses a guest each evening. It is an honour,
and warm.</p>""",
    "about/history": """<table><caption>The house in six lines</caption><tbody>
<tr><th scope="row">1874</th><td>A ferryman builds it, of what the lake brings.</td></tr>
<tr><th scope="row">1921</th><td>His daughter opens a café; the bell is hers.</td></tr>
<tr><th scope="row">1958</th><td>The bridge is finished, and the ferry is not needed.</td></tr>
<tr><th scope="row">1986</th><td>The last coffee. The swallows move in.</td></tr>
<tr><th scope="row">2012</th><td>We move in; the swallows stay.</td></tr>
<tr><th scope="row">Today</th><td>Three rooms, one bell, nine nests.</td></tr>
</tbody></table>""",
    "contact/legals": """<p>Who is responsible for this site, with name and address, stands here.
What has to be said about data and cookies as well: this site sets no cookie for somebody who only
reads.</p>""",
}

BLOG = "<p>Notes from the house: what is in season, what went wrong, and who came by.</p>"
GALLERY = "<p>The same hills, through the year. Choose a picture to see it in full.</p>"
PICTURES = {
    "aurora.webp": "The night in March on which nobody slept",
    "autumn.webp": "October: the hill above the house",
    "mist.webp": "The long walk, before breakfast",
    "night.webp": "The lighthouse, from room two",
    "morning.webp": "Six in the morning: the path to the door",
    "spring.webp": "April, behind the orchard",
    "lake.webp": "July, and nobody indoors",
    "winter.webp": "January, by four in the afternoon",
}

POSTS = [  # the newest first
    (
        "Hello",
        """<p>This house has a place on the web now, so that you can see before you come whether
the lake is frozen. We write when there is something to tell: a new boat, an old recipe, the first
swallow.</p>
<p>Comments are open. Tell us what you would like to know, or what we forgot to put into your
bag.</p>""",
        "letters.webp",
    ),
    (
        "How to read a lake",
        """<p>Smooth as slate means wind within the hour. Small scales running north: take a jacket.
When the heron stands on the jetty, nobody has been there before you, and the water is yours.</p>
<blockquote><p>A lake is never the same blue twice, said the ferryman, and charged for
both.</p></blockquote>
<p>White crests in the middle mean that the boat stays where it is and you play cards.</p>""",
        "heron.webp",
    ),
    (
        "Soup for eleven chairs",
        """<p>Fry two onions slowly. Add what the garden has too much of, a handful of barley for
each guest and one for the one who comes late. Water to cover, an hour, salt.</p>
<p>It is better on the second day. It has never seen one.</p>""",
        "soup.webp",
    ),
]
