//! What every request passes through, from the outside in.

pub(crate) mod admins_first;
pub(crate) mod guard;
pub(crate) mod headers;
pub(crate) mod observe;
pub(crate) mod position;
pub(crate) mod request_id;
