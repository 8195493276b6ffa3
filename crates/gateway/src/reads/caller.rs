//! Who holds a credential.

use super::{Reads, Via};
use crate::caller::{Caller, Credential};
use ::cache::{Key, Value};
use domain::token::TokenAccess;
use domain::{Actor, Refusal};
use std::fmt;
use std::sync::Arc;

/// Whoever this credential makes one.
#[derive(Clone, Debug)]
pub(crate) struct Held(Caller);

/// Not kept: a credential that is not there may be made at any time.
#[derive(Debug)]
pub(crate) enum NotHeld {
    Unknown,
    Lost(sqlx::Error),
}

impl fmt::Display for NotHeld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("nobody holds it"),
            Self::Lost(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NotHeld {}

impl Value for Held {
    // It never leaves the process.
    fn encode(&self) -> Vec<u8> {
        Vec::new()
    }

    fn decode(_: &[u8]) -> Option<Self> {
        None
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + 100
    }
}

impl Reads {
    /// Whom this API token stands for; `None` when it doesn't hold.
    pub(crate) async fn holder_of_token(&self, hash: &[u8], via: Via) -> Result<Option<Caller>, Refusal> {
        let (pool, key) = (self.pool.clone(), key("token", hash));
        let hash = hash.to_vec();
        self.holder(key, via, move || async move {
            let holder = store::api_token::find_holder(&pool, &hash).await.map_err(NotHeld::Lost)?.ok_or(NotHeld::Unknown)?;
            let may_write = holder.access == TokenAccess::Write;
            Ok(Held(Caller {
                actor: Actor::Person { id: holder.person_id, title: holder.title, may_write },
                credential: Credential::Token { id: holder.token_id },
                expires_at: holder.expires_at,
                via: Via::Database,
            }))
        })
        .await
    }

    /// Whose session this is; `None` when it has ended.
    pub(crate) async fn holder_of_session(&self, hash: &[u8], via: Via) -> Result<Option<Caller>, Refusal> {
        let (pool, key) = (self.pool.clone(), key("session", hash));
        let hash = hash.to_vec();
        self.holder(key, via, move || async move {
            let holder = store::session::find_holder(&pool, &hash).await.map_err(NotHeld::Lost)?.ok_or(NotHeld::Unknown)?;
            Ok(Held(Caller {
                actor: Actor::Person { id: holder.person_id, title: holder.title, may_write: true },
                credential: Credential::Session { id: holder.session_id },
                expires_at: Some(holder.expires_at),
                via: Via::Database,
            }))
        })
        .await
    }

    async fn holder<F>(&self, key: Key, via: Via, load: impl FnOnce() -> F + Send + 'static) -> Result<Option<Caller>, Refusal>
    where
        F: Future<Output = Result<Held, NotHeld>> + Send + 'static,
    {
        let held = match via {
            Via::Cache if self.progress.is_fresh() => self.callers.wrap(key, load).await,
            _ => load().await.map(Arc::new).map_err(Arc::new),
        };
        match held {
            Ok(held) => Ok(Some(held.0.clone())),
            Err(error) => match &*error {
                NotHeld::Unknown => Ok(None),
                NotHeld::Lost(_) => Err(Refusal::Unavailable {
                    detail: "the database does not answer; nothing was changed",
                    source: Some(Box::new(error)),
                }),
            },
        }
    }
}

/// Hashes are no secrets that open anything, and are not shown either.
fn key(kind: &str, hash: &[u8]) -> Key {
    let mut text = format!("{kind}:");
    hash.iter().for_each(|byte| text.push_str(&format!("{byte:02x}")));
    Key::new(text)
}
