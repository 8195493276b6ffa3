//! Finds the machine's PostgreSQL and runs a private cluster with it.
