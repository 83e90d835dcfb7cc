"""The video engine: a file in, redacted bytes and facts out; knows no Django, database or broker."""
