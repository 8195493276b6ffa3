//! Passwords, hashed with argon2id. It takes 19 MiB and tens of milliseconds each time, so only a
//! few run at once, beside the threads that serve.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use domain::Refusal;
use domain::limits::{PASSWORD_HASHES_AT_ONCE, PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long a sign-in waits for its turn.
const TURN_MAX: Duration = Duration::from_secs(10);

/// Hashes a new password, as a PHC string. Blocks for tens of milliseconds: for the command line.
/// Refuses one that is too short or too long.
pub fn hash(password: &SecretString) -> Result<String, Refusal> {
    validate(password.expose_secret())?;
    hash_now(password.expose_secret())
}

fn validate(password: &str) -> Result<(), Refusal> {
    if password.chars().count() < PASSWORD_MIN_CHARS || password.len() > PASSWORD_MAX_BYTES {
        return Err(Refusal::invalid(
            "new",
            format!("at least {PASSWORD_MIN_CHARS} characters and at most {PASSWORD_MAX_BYTES} bytes"),
        ));
    }
    Ok(())
}

fn hash_now(password: &str) -> Result<String, Refusal> {
    let hashed: Result<PasswordHash, _> = Argon2::default().hash_password(password.as_bytes());
    hashed.map(|hash| hash.to_string()).map_err(|error| Refusal::Internal { source: error.to_string().into() })
}

/// Whether it is the password behind a hash. Without a hash it is not, and takes as long to say so:
/// nobody finds out by the clock who has an account.
fn verify_now(password: &str, hash: Option<&str>) -> bool {
    match hash {
        Some(hash) => Argon2::default().verify_password(password.as_bytes(), hash).is_ok(),
        None => {
            // The same work as a comparison; its outcome is of no use.
            let _ = hash_now(password);
            false
        }
    }
}

/// Hashes a few at a time.
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { turns: Arc::new(Semaphore::new(PASSWORD_HASHES_AT_ONCE)) }
    }

    /// Whether it is the password behind this hash.
    pub(crate) async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool, Refusal> {
        if password.expose_secret().len() > PASSWORD_MAX_BYTES {
            return Ok(false);
        }
        self.in_turn(move || verify_now(password.expose_secret(), hash.as_deref())).await
    }

    /// A new password's hash; refuses one that is too short or too long.
    pub(crate) async fn hash(&self, password: SecretString) -> Result<String, Refusal> {
        validate(password.expose_secret())?;
        self.in_turn(move || hash_now(password.expose_secret())).await?
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let turn = tokio::time::timeout(TURN_MAX, self.turns.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(Refusal::Unavailable { detail: "too many people sign in right now; try again", source: None });
        };
        // The turn goes with the work: it is over when the work is, not when the caller leaves.
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(|error| Refusal::Internal { source: Box::new(error) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash() {
        let stored = hash(&SecretString::from("correct horse")).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify_now("correct horse", Some(&stored)));
        assert!(!verify_now("correct horsf", Some(&stored)));
        assert!(!verify_now("correct horse", None));
        assert!(!verify_now("correct horse", Some("not a hash")));
    }

    #[test]
    fn lengths() {
        let ok = |password: &str| validate(password).is_ok();
        assert!(ok("ærlighet12"));
        assert!(!ok("too short"));
        assert!(ok(&"x".repeat(PASSWORD_MAX_BYTES)));
        assert!(!ok(&"x".repeat(PASSWORD_MAX_BYTES + 1)));
    }
}
