"""What an owner may write, given to `manage.py shell`; prints the addresses, a list in JSON."""

import json
from io import BytesIO

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.forms import fields
from mezzanine.forms.models import Form
from mezzanine.galleries.models import Gallery
from mezzanine.generic.models import Keyword
from mezzanine.pages.models import RichTextPage
from PIL import Image

WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
HEBREW = "זהו טקסט בעברית עם מספרים 2026 ומילים באנגלית כמו Mezzanine באמצע."
ARABIC = "هذا نص طويل بالعربية ويتضمن أرقاما مثل 123 وكلمات إنجليزية مثل Django في وسطه."
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 3
PARAGRAPH = "<p>The bakery opens at six in the morning, when the street is still dark.</p>"


def picture(name, *size):
    content = BytesIO()
    Image.new("RGB", size, "teal").save(content, "JPEG")
    return default_storage.save(f"uploads/site-1/{name}.jpg", ContentFile(content.getvalue()))


portrait, panorama = picture("portrait", 800, 2400), picture("panorama", 3200, 400)
cells = "".join(f"<td>{number * 12345}</td>" for number in range(14))
text = f"""{PARAGRAPH}<h1>{WORD * 2}</h1><h2>{HEBREW}</h2><p>{WORD * 3} {"😀" * 60}</p>
<table><caption>Sales</caption><tbody><tr>{cells}</tr><tr><td>{WORD}</td></tr></tbody></table>
<pre><code>{"a long line " * 20}</code></pre><p><code>{"one_name_" * 20}</code></p>
<p><img id="beside" src="/media/{portrait}" alt="" width="150" height="450" style="float: left">
<span id="around">{"Text beside a picture. " * 12}</span></p>
<p><img src="/media/{panorama}" alt="" width="3200" height="400"></p>
<ol start="9999"><li>{WORD}<ul><li>{WORD}<ul><li>{WORD}</li></ul></li></ul></li></ol>
<p id="hebrew">{HEBREW}</p><ul><li>{ARABIC}</li></ul><p>{JAPANESE}</p>
<details><summary>{WORD}</summary><p>{WORD}</p></details>
<p><iframe src="https://video.example/{"a" * 90}" title="{WORD}"></iframe></p>"""

made = [RichTextPage.objects.create(title=WORD * 3, content=text)]
made += [RichTextPage.objects.create(title=title, content=text) for title in (ARABIC, JAPANESE)]
for number in range(8):
    top = RichTextPage.objects.create(title=f"A menu item with a long title {number}", content=text)
    below = RichTextPage.objects.create(title=f"Below: {WORD}", content=text, parent=top)
    RichTextPage.objects.create(title=f"Far below: {WORD}", content=text, parent=below)
made += [top, below]

author = User.objects.get()
User.objects.update(first_name=ARABIC[:30], last_name=WORD[:30])
for title, image in ((WORD * 2, portrait), (ARABIC, panorama), (JAPANESE, ""), ("😀" * 90, "")):
    made.append(
        BlogPost.objects.create(title=title, content=text, user=author, featured_image=image)
    )
post = made[-1]
for number in range(40):
    keyword = Keyword.objects.create(title=f"{WORD[: 10 * (number % 9)]} {number}")
    post.keywords.create(keyword=keyword)
post.categories.add(
    BlogCategory.objects.create(title=WORD), BlogCategory.objects.create(title=ARABIC)
)
reply = None
for name in (ARABIC, WORD, JAPANESE, "Ada", "😀", "Bob", "Eve", HEBREW):
    names = {"user_name": name[:50], "user_email": "ada@example.com"}
    reply = post.comments.create(
        comment=f"{ARABIC} {WORD * 2}", replied_to=reply, site_id=1, **names
    )

for count in (0, 1, 60):
    gallery = Gallery.objects.create(title=f"{count} pictures", content=PARAGRAPH)
    for number in range(count):
        gallery.images.create(file=(portrait, panorama)[number % 2], description=WORD)
    made.append(gallery)
form = Form.objects.create(title="Every field", content=text, button_text=WORD[:50])
for kind, name in fields.NAMES:
    words = {"choices": f"One, {WORD}, {ARABIC.replace(',', '')}", "help_text": WORD}
    form.fields.create(label=f"{name} {WORD}"[:200], field_type=kind, required=False, **words)
print(json.dumps([each.get_absolute_url() for each in (*made, form)]))
