//! How often somebody may try to sign in: by login, against guessing one password, and by address,
//! against guessing many.

use super::address::Address;
use domain::Refusal;
use domain::limits::SIGN_INS_PER_MINUTE;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;

/// Keys kept at once. One that has not been used for a minute is forgotten when there are more.
const KEYS_MAX: usize = 20_000;

pub(crate) struct Attempts {
    detail: &'static str,
    by_login: DefaultKeyedRateLimiter<String>,
    by_address: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl Attempts {
    pub(crate) fn new() -> Self {
        Self::per_minute(SIGN_INS_PER_MINUTE, "too many attempts to sign in; wait a little")
    }

    /// Of something else that costs us, or others, something. `detail` is for whoever is refused.
    pub(crate) fn per_minute(most: u32, detail: &'static str) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN));
        Self {
            detail,
            by_login: RateLimiter::keyed(quota),
            by_address: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
        }
    }

    /// Counts an attempt from an address.
    pub(crate) fn at_address(&self, address: Address) -> Result<(), Refusal> {
        self.count(&self.by_address, &address.network())
    }

    /// Counts an attempt on a login, whether there is such a one or not.
    pub(crate) fn on_login(&self, login: &str) -> Result<(), Refusal> {
        self.count(&self.by_login, &login.to_owned())
    }

    fn count<K: Hash + Eq + Clone>(&self, limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), Refusal> {
        if limiter.len() >= KEYS_MAX {
            limiter.retain_recent();
            limiter.shrink_to_fit();
            // All of them within a minute: somebody tries from everywhere. Memory comes first.
            if limiter.len() >= KEYS_MAX {
                return Err(self.too_many(60));
            }
        }
        limiter.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            self.too_many(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
        })
    }

    fn too_many(&self, retry_after_s: u64) -> Refusal {
        Refusal::Limit { detail: self.detail.to_owned(), retry_after_s: Some(retry_after_s.max(1)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_attempt_within_a_minute_is_refused() {
        let attempts = Attempts::new();
        for n in 1..=SIGN_INS_PER_MINUTE {
            assert!(attempts.on_login("kari").is_ok(), "{n}");
        }
        match attempts.on_login("kari") {
            Err(Refusal::Limit { retry_after_s: Some(wait), .. }) => assert!((1..=60).contains(&wait), "{wait}"),
            other => panic!("{other:?}"),
        }
        assert!(attempts.on_login("ola").is_ok());
    }

    #[test]
    fn keys_are_bounded() {
        let attempts = Attempts::new();
        let refused = (0..KEYS_MAX + 100).filter(|n| attempts.on_login(&n.to_string()).is_err()).count();
        assert!(attempts.by_login.len() <= KEYS_MAX, "{}", attempts.by_login.len());
        assert!(refused >= 100 || attempts.by_login.len() < KEYS_MAX);
    }
}
