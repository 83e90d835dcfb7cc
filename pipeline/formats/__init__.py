"""One writer a format; no Django, no network: facts in, bytes out."""
