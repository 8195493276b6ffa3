"""Holds a running server to its own description, as three kinds of callers.

Usage: contract.py URL SIGN_IN_LINK DESCRIPTION

The link signs the first administrator of an empty server in. Ends with 1 if an
answer was not as described; then the case and a curl line have been printed.
"""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
import uuid

INSTANCE = "00000000-0000-7000-8000-000000000001"
SEED = "1"
REQUEST_LIMIT_S = 30
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]
# They end the credential of this run or of a later one, and what followed would
# test nothing but refusals. (A token can end sessions too.)
NOT_BY_TOKEN = ["revoke_token", "end_session"]
NOT_BY_SESSION = ["sign_out", "end_session", "sign_in", "sign_in_by_link"]


class Server:
    """The API as a program without a browser calls it."""

    def __init__(self, url):
        self.url = url

    def call(self, method, path, credential, body=None):
        """Answers the answer's JSON and its headers; raises on anything but 2xx."""
        request = urllib.request.Request(
            f"{self.url}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Origin": self.url, **credential},
        )
        with urllib.request.urlopen(request, timeout=REQUEST_LIMIT_S) as answer:
            text = answer.read()
            return json.loads(text) if text else None, answer.headers

    def sign_in(self, link):
        """Signs in with a one-time link; answers the session as a header."""
        _, headers = self.call("POST", "/session/link", {}, {"token": link.partition("#")[2]})
        return {"Cookie": headers["Set-Cookie"].partition(";")[0]}

    def token(self, session):
        """Makes an API token for whoever holds the session; answers it as a header."""
        made, _ = self.call("POST", "/me/tokens", session, {"name": "contract", "access": "write"})
        return {"Authorization": f"Bearer {made['token']}"}

    def holds(self, credential):
        """Whether the credential still is somebody's."""
        try:
            me, _ = self.call("GET", "/me", credential)
        except urllib.error.HTTPError:
            return False
        return me["person"] is not None


def person_of_one_place(server, admin):
    """A member of one workspace, which has a system; answers their session."""
    place, person = str(uuid.uuid4()), str(uuid.uuid4())
    # One that is closed to them stands beside it.
    server.call("POST", "/intentions", admin, {"intentions": [
        {"type": "create_node", "kind": "workspace", "parent_id": INSTANCE, "id": place, "title": "Open"},
        {"type": "create_node", "kind": "workspace", "parent_id": INSTANCE, "title": "Closed"},
        {"type": "create_node", "kind": "system", "parent_id": place, "title": "Checkout",
         "system": {"check": {"type": "tcp", "address": "127.0.0.1:9"}}},
        {"type": "create_node", "kind": "person", "parent_id": INSTANCE, "id": person, "title": "Kari",
         "person": {"login": "kari"}},
        {"type": "create_edge", "kind": "member_of", "source_id": person, "target_id": place},
    ]})
    link, _ = server.call("POST", f"/people/{person}/sign-in-link", admin)
    return server.sign_in(link["url"])


def run(server, description, name, credential, examples, more):
    """Runs schemathesis as one caller; answers whether all answers were as described."""
    print(f"\n-- as {name}", flush=True)
    command = [
        os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", description,
        "--url", server.url, "--header", f"Origin: {server.url}",
        "--checks", ",".join(CHECKS), "--continue-on-failure",
        "--seed", SEED, "--max-examples", str(examples), "--generation-database", "none",
        "--generation-with-security-parameters", "false",
        "--request-timeout", str(REQUEST_LIMIT_S), "--warnings", "off", "--no-color", *more,
    ]
    for header, value in credential.items():
        command += ["--header", f"{header}: {value}"]
    as_described = subprocess.run(command, check=False).returncode == 0
    if not server.holds(credential):
        print(f"the credential of {name} ended during the run: it tested refusals alone from then on", flush=True)
        return False
    return as_described


def without(operations):
    return [word for operation in operations for word in ("--exclude-operation-id", operation)]


def main():
    url, link, description = sys.argv[1:]
    server = Server(url)
    session = server.sign_in(link)
    member = person_of_one_place(server, session)
    callers = [
        ("an administrator's token", server.token(session), 20, without(NOT_BY_TOKEN)),
        ("an administrator's session", session, 10, ["--include-tag", "account", *without(NOT_BY_SESSION)]),
        ("a member of one workspace", server.token(member), 5, ["--phases", "fuzzing,stateful", *without(NOT_BY_TOKEN)]),
    ]
    done = [run(server, description, *caller) for caller in callers]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
