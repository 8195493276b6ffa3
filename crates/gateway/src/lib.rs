//! HTTP, JSON, sockets and the embedded page.
