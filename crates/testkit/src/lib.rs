//! Databases, servers and proxies for tests.
