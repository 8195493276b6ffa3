//! Status pages over the socket, for anybody who may read them: that a page says something else now, and nothing of
//! what. It is told when the page itself differs, not when something in Synops has changed: so the times of what is
//! not on it can't be read off.

use super::outbox::Outbox;
use super::protocol::ServerMessage;
use crate::refusal::Refused;
use crate::state::State;
use domain::limits::{STATUS_SIGNAL_EVERY, STATUS_TOPICS_PER_SOCKET_MAX};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

/// The pages that one socket watches. Dropped with it, they end.
#[derive(Default)]
pub(super) struct Watches {
    tasks: JoinSet<()>,
    by_name: HashMap<String, AbortHandle>,
}

impl Watches {
    /// The slug of a topic `status:<slug>`.
    pub(super) fn slug_of(topic: &str) -> Option<&str> {
        let slug = topic.strip_prefix("status:")?;
        let is_slug = slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        (is_slug && (1..=domain::limits::STATUS_SLUG_MAX_CHARS).contains(&slug.len())).then_some(slug)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    pub(super) fn is_full(&self) -> bool {
        self.by_name.len() >= STATUS_TOPICS_PER_SOCKET_MAX
    }

    pub(super) fn begin(&mut self, name: String, slug: &str, state: State, outbox: Arc<Outbox>, person_id: Option<Uuid>) {
        let watch = Watch { state, outbox, person_id, name: name.clone(), slug: slug.to_owned() };
        self.by_name.insert(name, self.tasks.spawn(watch.run()));
    }

    pub(super) fn end(&mut self, name: &str) {
        if let Some(task) = self.by_name.remove(name) {
            task.abort();
        }
    }

    /// Waits for one to end; for ever without any.
    pub(super) async fn ended(&mut self) {
        if self.tasks.join_next().await.is_none() {
            std::future::pending::<()>().await;
        }
        self.by_name.retain(|_, task| !task.is_finished());
    }
}

struct Watch {
    state: State,
    outbox: Arc<Outbox>,
    person_id: Option<Uuid>,
    name: String,
    slug: String,
}

impl Watch {
    async fn run(self) {
        let mut changes = self.state.hub().status_changes();
        let generation = *changes.borrow_and_update();
        let mut told = match self.look(generation).await {
            Ok(Some(seen)) => Some(seen),
            Ok(None) => return self.refuse("not_found", "no such status page"),
            Err(error) => {
                tracing::warn!(?error, "a status page could not be read for its watcher");
                return self.refuse("unavailable", "the server can't read from the database now; subscribe again shortly");
            }
        };
        self.outbox.push_text(ServerMessage::Watching { id: &self.name }.to_text());
        while changes.changed().await.is_ok() {
            let generation = *changes.borrow_and_update();
            let looked_at = Instant::now();
            match self.look(generation).await {
                Ok(seen) if seen == told => {}
                Ok(seen) => {
                    told = seen;
                    self.outbox.push_text(ServerMessage::Changed { id: &self.name }.to_text());
                }
                // Whoever can't be sure asks.
                Err(error) => {
                    tracing::debug!(?error, "a status page could not be looked at");
                    told = None;
                    self.outbox.push_text(ServerMessage::Changed { id: &self.name }.to_text());
                }
            }
            sleep_until(looked_at + STATUS_SIGNAL_EVERY).await;
        }
    }

    async fn look(&self, generation: u64) -> Result<Option<String>, Refused> {
        self.state.status.seen(&self.state, self.person_id, &self.slug, generation).await
    }

    fn refuse(&self, code: &str, detail: &str) {
        self.outbox.push_text(ServerMessage::Error { code, detail, id: Some(&self.name) }.to_text());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics() {
        let check = |topic: &str, expect: Option<&str>| assert_eq!(Watches::slug_of(topic), expect, "{topic}");
        check("status:acme-2", Some("acme-2"));
        for bad in ["status:", "status:Acme", "status:a.json", "status", "kind:system", "status:a/b"] {
            check(bad, None);
        }
    }
}
