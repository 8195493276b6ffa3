//! A read-through cache that never serves what was invalidated.
//!
//! A [`Cache`] has scopes, one for each kind of value. [`Scope::wrap`] answers a key from the store or
//! by its loader, [`Scope::wrap_many`] many keys by one load for all that is missing. What holds:
//!
//! 1. A load that began before an invalidation, by key or by prefix, never stores its value: not for a
//!    key that nobody ever asked for before either.
//! 2. Nobody who asks after an invalidation joins a load from before it, and of a key one such load runs
//!    at most, in this process.
//! 3. What is kept besides the values is bounded: by the loads under way here, by the number of buckets
//!    in a shared store.
//! 4. With a store that several processes share the first holds over all of them: each load and each
//!    invalidation carries a fence from one sequence ([`Fences`]), and a store that may have missed an
//!    invalidation is left alone until it is empty for everybody ([`Cache::renew`]).
//! 5. Trouble with the store, an error or no answer in time, is a warning and makes reads load: it neither
//!    fails nor holds up a read. What a loader fails with is told all who waited for it, and not stored.
//!
//! Whoever writes invalidates after the commit and waits for that, before anybody is told of the write.

mod cache;
mod counts;
mod flight;
mod key;
mod memory;
mod provider;
mod redis;
mod scope;

pub use cache::{Backing, Cache, ScopeInfo};
pub use counts::Counts;
pub use key::Key;
pub use provider::{Current, Fences, Provider, Stale, Trouble, Value};
pub use redis::Redis;
pub use scope::{Scope, ScopeConfig};
