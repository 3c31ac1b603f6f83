"""A real, small sign-in provider on the loopback address: OpenID Connect with PKCE, and faults on demand."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from kumiko_testing.ports import free_port

ADDRESS = "127.0.0.1"


class TestProvider:
    """`person`: claims of whoever is signed in there. `claims`: what its tokens say instead of the truth; `fault`: a
    word of one of the tests in `_token`. `asked`: addresses in the order in which they were asked."""

    __test__ = False  # no tests are in it

    def __init__(self, *, client_id: str = "kumiko", client_secret: str = "a secret of it") -> None:  # noqa: S107
        self.client_id, self.client_secret = client_id, client_secret
        self.port = free_port()
        self.issuer = f"http://{ADDRESS}:{self.port}"
        self.person: dict[str, Any] = {
            "sub": "p-1", "email": "root@example.com", "email_verified": True, "name": "Root of the provider",
        }  # fmt: skip
        self.claims: dict[str, Any] = {}
        self.fault = ""
        self.asked: list[str] = []
        self._codes: dict[str, Mapping[str, str]] = {}
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider._answer(self, "")

            def do_POST(self) -> None:
                provider._answer(self, self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer((ADDRESS, self.port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def sign_in(self, address: str) -> str:
        """What a browser does that is sent to `address`, signed in there: the address it is sent back to."""
        return self._authorize({key: value[0] for key, value in parse_qs(urlsplit(address).query).items()})

    def _answer(self, handler: BaseHTTPRequestHandler, body: str) -> None:
        path = urlsplit(handler.path).path
        self.asked.append(path)
        sent = {key: value[0] for key, value in parse_qs(body).items()}
        if path == "/authorize":
            handler.send_response(302)
            handler.send_header("Location", self.sign_in(handler.path))
            handler.end_headers()
            return
        status, said = 200, {
            "/.well-known/openid-configuration": self._discovery,
            "/keys": lambda: {"keys": [self._public()]},
            "/token": lambda: self._token(sent, handler.headers.get("Authorization", "")),
            "/people": lambda: {"sub": self.person["sub"], **self.person},
        }.get(path, lambda: {"error": "no such page"})()  # fmt: skip
        if "error" in said:
            status = 400
        content = json.dumps(said).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _discovery(self) -> dict[str, Any]:
        return {
            "issuer": "http://127.0.0.1:1" if self.fault == "other issuer" else self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/people",
            "jwks_uri": f"{self.issuer}/keys",
        }

    def _public(self) -> dict[str, Any]:
        return {**ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True), "kid": "k1", "use": "sig", "alg": "ES256"}

    def _authorize(self, asked: Mapping[str, str]) -> str:
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256"), asked
        back = {"state": asked["state"]}
        if self.fault == "refused":
            back |= {"error": "access_denied", "error_description": "You may not use this program."}
        else:
            code = secrets.token_urlsafe(16)
            self._codes[code] = asked
            back |= {"code": code, "iss": self.issuer}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def _token(self, sent: Mapping[str, str], authorization: str) -> dict[str, Any]:
        asked = self._codes.pop(sent.get("code", ""), None)
        pair = base64.b64decode(authorization.removeprefix("Basic ") or b"").decode()
        client, _colon, secret = pair.partition(":")
        if (unquote(client), unquote(secret)) != (self.client_id, self.client_secret):
            return {"error": "invalid_client"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        if asked is None or challenge.rstrip(b"=").decode() != asked["code_challenge"]:
            return {"error": "invalid_grant", "error_description": "The code is unknown, was used, or is another's."}
        if sent.get("redirect_uri") != asked["redirect_uri"]:
            return {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + 300, "nonce": asked["nonce"],
            **self.person, **self.claims,
        }  # fmt: skip
        if self.fault == "userinfo":  # the token says only who, the rest must be asked for
            claims = {key: value for key, value in claims.items() if key not in ("email", "email_verified", "name")}
        key = ec.generate_private_key(ec.SECP256R1()) if self.fault == "other key" else self._key
        signed = jwt.encode(claims, key, algorithm="ES256", headers={"kid": "k1"})
        if self.fault == "unsigned":
            signed = jwt.encode(claims, "", algorithm="none")
        return {"access_token": "t", "token_type": "Bearer", "id_token": signed}


@contextmanager
def running_provider(**options: Any) -> Iterator[TestProvider]:
    """A sign-in provider for the length of a with block; see `TestProvider`."""
    provider = TestProvider(**options)
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()
