"""Ask the web server in this container whether it and its services are well (standard library only)."""

import os
import urllib.request
from urllib.parse import urlsplit

# The site answers to its own host name alone.
host = urlsplit(os.environ["SITE_URL"]).netloc
call = urllib.request.Request("http://127.0.0.1:8000/healthz", headers={"Host": host})
with urllib.request.urlopen(call, timeout=4):  # noqa: S310 - our own server
    pass
