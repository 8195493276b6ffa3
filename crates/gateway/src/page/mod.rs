//! The page, embedded in the binary. Names below `/_app/immutable/` carry a hash and never change;
//! all else is asked for anew, and answered with 304 while it is the same.

mod embedded;
mod policy;
mod serve;

pub(crate) use embedded::Page;
pub(crate) use serve::serve;
