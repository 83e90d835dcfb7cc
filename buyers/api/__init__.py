"""The API for buyers' programs: version 1, JSON, keys."""
