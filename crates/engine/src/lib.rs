//! What happens without a request: checks.
