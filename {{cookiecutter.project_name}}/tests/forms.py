"""Forms as a browser would fill them in."""

from bs4 import BeautifulSoup

IN_PLACE = "form:has([name=fields][value*=content])"  # of the content of a page


def fields_of(response, selector):
    """Return what a browser would send from that form of the page: its fields as they stand."""
    page = BeautifulSoup(response.content, "html.parser")
    for template in page.find_all("template"):  # selectors do not look into them
        template.unwrap()
    form = page.select_one(selector)
    fields = {}
    for field in form.find_all(["input", "textarea", "select"]):
        if field.name == "select":
            chosen = field.find_all("option", selected=True)
            fields[field.get("name")] = [option["value"] for option in chosen]
        elif field.name == "textarea":
            fields[field["name"]] = field.text
        elif field.get("type") not in ("checkbox", "radio", "submit") or field.has_attr("checked"):
            blank = "on" if field.get("type") == "checkbox" else ""
            fields[field.get("name")] = field.get("value", blank)
    return fields
