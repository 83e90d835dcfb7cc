"""Start the simulator: `python -m embedded.stripe_simulator --port P --public-url URL --secret-key KEY …`."""

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from .api.webhook_endpoints import register, register_thin
from .server import Server
from .simulator import API_VERSION, Config, Simulator

FIXED_ENDPOINTS = ("we_platform", "we_connect", "ed_thin")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="embedded.stripe_simulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--public-url", required=True, help="how a browser reaches the hosted pages")
    parser.add_argument(
        "--secret-key",
        default=os.environ.get("STRIPE_SECRET_KEY", ""),
        help="the sk_test_ key that callers must use; from STRIPE_SECRET_KEY unless given",
    )
    parser.add_argument("--webhook-url", default="", help="where the platform's events go")
    parser.add_argument(
        "--connect-webhook-url", help="where connected accounts' events go; the same unless given"
    )
    parser.add_argument(
        "--thin-webhook-url", default="", help="where v2 thin events go; nowhere unless given"
    )
    parser.add_argument(
        "--webhook-secret",
        default=os.environ.get("STRIPE_WEBHOOK_SECRET", ""),
        help="the whsec_ that signs them; from STRIPE_WEBHOOK_SECRET unless given",
    )
    parser.add_argument(
        "--settlement-days", type=int, default=2, help="until a payment is available, and a payout arrives"
    )
    parser.add_argument("--data", type=Path, help="keep everything here; in memory unless given")
    parser.add_argument("--verbose", action="store_true", help="log each request")
    return parser.parse_args()


def build(args: argparse.Namespace) -> Simulator:
    """Make the simulator that the command line describes."""
    if not args.secret_key.startswith("sk_test_"):
        raise SystemExit("The simulator takes a key that starts with sk_test_, never a live one.")
    connect = args.webhook_url if args.connect_webhook_url is None else args.connect_webhook_url
    if (args.webhook_url or connect or args.thin_webhook_url) and not args.webhook_secret:
        raise SystemExit("A webhook URL needs --webhook-secret: unsigned webhooks could be anyone's.")
    sim = Simulator(
        Config(
            public_url=args.public_url.rstrip("/"), secret_key=args.secret_key, webhook_url=args.webhook_url,
            connect_webhook_url=connect, thin_webhook_url=args.thin_webhook_url, webhook_secret=args.webhook_secret,
            settlement_days=args.settlement_days, data=args.data,
        )
    )  # fmt: skip
    with sim.store.transaction():
        for id in FIXED_ENDPOINTS:
            sim.store.delete(id)
        if args.webhook_url:
            register(sim, id="we_platform", url=args.webhook_url, secret=args.webhook_secret, connect=False)
        if connect:
            register(sim, id="we_connect", url=connect, secret=args.webhook_secret, connect=True)
        if args.thin_webhook_url:
            register_thin(sim, id="ed_thin", url=args.thin_webhook_url, secret=args.webhook_secret)
    return sim


def main() -> int:
    """Serve until a signal comes."""
    args = arguments()
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if args.verbose else logging.INFO,
        format="%(asctime)s %(message)s",
    )
    sim = build(args)
    try:
        server = Server((args.host, args.port), sim)
    except OSError as error:
        print(
            f"The Stripe simulator cannot listen on {args.host}:{args.port}: {error.strerror}.",
            file=sys.stderr,
        )
        return 1
    for name in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for the serving loop, so it may not run inside it.
        signal.signal(name, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
    server.begin()
    print(f"Stripe simulator {API_VERSION} on {sim.config.public_url}, no real money", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.finish()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
