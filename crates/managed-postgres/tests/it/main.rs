//! Against a real PostgreSQL: the machine's own, which the crate itself finds.

mod faults;
mod lifecycle;
mod owner;
mod refusals;
mod support;
