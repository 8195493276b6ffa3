"""Mail from whoever has said who they are; see mail_server.rs."""

import base64

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import AuthResult


class Guarded(Mailbox):
    def __init__(self, directory, password):
        super().__init__(directory)
        self.wanted = f"\0synops\0{password}"

    @classmethod
    def from_cli(cls, parser, *args):
        return cls(*args)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        if server.transport.get_extra_info("ssl_object") and not any("AUTH" in line for line in responses):
            # Under TLS from the first byte: it does not see that by itself.
            server._auth_require_tls = False
            responses.insert(-1, "250-AUTH PLAIN")
        return responses

    async def auth_PLAIN(self, server, args):
        said = base64.b64decode(args[1]).decode() if len(args) == 2 else ""
        return AuthResult(success=said == self.wanted, handled=False, auth_data=said)

    async def handle_MAIL(self, server, session, envelope, address, options):
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"
