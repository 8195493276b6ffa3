//! People's own affairs: signing in and out, passwords, API tokens, preferences.

pub(crate) mod address;
pub(crate) mod attempts;
pub(crate) mod audit;
pub(crate) mod me;
pub(crate) mod password;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod sign_in_link;
pub(crate) mod tokens;
