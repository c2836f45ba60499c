"""The editor of rich texts: a field of HTML, and what richtext/editor.js makes of it."""

import json

from django import forms
from django.forms.widgets import Script
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

WORDS = {
    "text": _("Text"),
    "toolbar": _("Formatting"),
    "block": _("Kind of paragraph"),
    "paragraph": _("Paragraph"),
    "heading2": _("Heading 2"),
    "heading3": _("Heading 3"),
    "heading4": _("Heading 4"),
    "codeBlock": _("Block of code"),
    "bold": _("Bold"),
    "italic": _("Italic"),
    "strike": _("Struck out"),
    "code": _("Code"),
    "link": _("Link"),
    "bulletList": _("List"),
    "orderedList": _("Numbered list"),
    "outdent": _("One level up"),
    "indent": _("One level down"),
    "blockquote": _("Quotation"),
    "center": _("Centred"),
    "right": _("To the right"),
    "picture": _("Picture"),
    "file": _("File"),
    "table": _("Table"),
    "rule": _("Line"),
    "addRowAfter": _("Add a row below"),
    "deleteRow": _("Delete the row"),
    "addColumnAfter": _("Add a column after"),
    "deleteColumn": _("Delete the column"),
    "toggleHeaderRow": _("Row of headings"),
    "mergeOrSplit": _("Merge or split cells"),
    "deleteTable": _("Delete the table"),
    "undo": _("Undo"),
    "redo": _("Redo"),
    "clear": _("Remove formatting"),
    "source": _("HTML"),
    "address": _("Address"),
    "textOfLink": _("Text of the link"),
    "newWindow": _("Open in a new window"),
    "alt": _("What it shows, for those who do not see it"),
    "caption": _("Caption"),
    "rows": _("Rows"),
    "columns": _("Columns"),
    "choose": _("Media library"),
    "apply": _("Apply"),
    "cancel": _("Cancel"),
    "ok": _("OK"),
    "goOn": _("Go on"),
    "failed": _("The file could not be uploaded."),
    "title": _("Media Library"),
    "close": _("Close"),
    "tooLarge": _("This file is too large."),
    "lost": _("The connection was lost. Try again."),
    "refused": _("The server did not take it. Are you still logged in?"),
    "notWhole": _("The editor cannot show all of this HTML, so here it is as it was written."),
    "wouldChange": _("The editor would change this HTML, here:"),
}


class RichTextWidget(forms.Textarea):
    """An editor, for RICHTEXT_WIDGET_CLASS. Without JavaScript it is a field of HTML."""

    @property
    def media(self):
        css = {"all": ["django_prose_editor/material-icons.css", "richtext/richtext.css"]}
        return forms.Media(css=css, js=[Script("richtext/editor.js", type="module")])

    def use_required_attribute(self, initial):
        return False  # a browser would ask for a field that nobody sees

    def render(self, name, value, attrs=None, renderer=None):
        return format_html(
            '<rich-text data-words="{}" data-library="{}" data-browse="{}" data-upload="{}"'
            ' data-links="{}">{}</rich-text>',
            json.dumps({key: str(words) for key, words in WORDS.items()}),
            static("media_library/choose.js"),
            reverse("fb_browse"),
            reverse("fb_do_upload"),
            reverse("displayable_links_js"),
            super().render(name, value, attrs, renderer),
        )
