"""An issuer of tokens like a Cognito user pool, with a server for its keys."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Pool"
CLIENT = "app-client"
JWKS_PATH = "/eu-central-1_Pool/.well-known/jwks.json"


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def jwks(*names: str) -> dict[str, Any]:
    keys = [RSAAlgorithm.to_jwk(key(name).public_key(), as_dict=True) for name in names]
    return {"keys": [{**jwk, "kid": name, "alg": "RS256", "use": "sig"} for name, jwk in zip(names, keys, strict=True)]}


def claims(**changes: Any) -> dict[str, Any]:
    """Of an access token; what is None is left out, a timedelta counts from now."""
    moment = time.time() // 1
    given = {
        "sub": "alice",
        "iss": ISSUER,
        "client_id": CLIENT,
        "token_use": "access",
        "iat": int(moment),
        "exp": int(moment) + 60,
        "cognito:groups": ["staff", "buyers"],
    }
    told = {name: value for name, value in (given | changes).items() if value is not None}
    return {n: moment + v.total_seconds() if isinstance(v, timedelta) else v for n, v in told.items()}


def token(signed_by: str = "one", kid: Any = None, **changes: Any) -> str:
    payload = json.dumps(claims(**changes)).encode()  # not by `jwt.encode`, which refuses some of what we want to send
    return jwt.PyJWS().encode(payload, key(signed_by), "RS256", headers={"kid": kid or signed_by})


@contextmanager
def key_server(document: Any) -> Iterator[tuple[str, list[str]]]:
    """Its URL, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if document is not None else 500)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
