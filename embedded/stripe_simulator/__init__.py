"""Stand in for Stripe's servers: the official client talks to it over HTTP, and no app imports it."""
