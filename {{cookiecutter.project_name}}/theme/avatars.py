"""Pictures for people who have none."""

from hashlib import sha256
from urllib.parse import quote


def avatar_url(email, size=32):
    """Return an SVG of size x size pixels as a data URL: the initial, on a colour of its own."""
    email = (email or "").strip().lower()
    hue = sha256(email.encode()).digest()[0] * 360 // 256
    initial = next((letter for letter in email if letter.isalnum()), "?").upper()
    return "data:image/svg+xml," + quote(
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'"
        f" width='{size}' height='{size}'>"
        f"<rect width='32' height='32' fill='hsl({hue},45%,45%)'/>"
        f"<text x='16' y='22' font-family='sans-serif' font-size='17' fill='white'"
        f" text-anchor='middle'>{initial}</text></svg>"
    )
