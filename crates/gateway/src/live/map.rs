//! Windows of a map that one socket looks at: where the devices in each are, and from then on where those are that
//! moved, as often as the reader wants it. Who may see a device is asked each time.

use super::hub::Hub;
use super::movements::row;
use super::outbox::Outbox;
use super::protocol::{PositionRow, ServerMessage};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::bbox::Bbox;
use domain::limits::{MAP_WINDOWS_PER_SOCKET_MAX, POSITIONS_PAGE_MAX_ITEMS, POSITIONS_PER_FRAME_MAX};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use store::device_state::Whereabouts;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

/// The name of the topic.
pub(super) const TOPIC: &str = "positions";
/// What a reader may want, and gets when they don't say.
pub(super) const PER_SECOND: std::ops::RangeInclusive<u8> = 1..=10;
const PER_SECOND_DEFAULT: u8 = 4;

/// What a socket wants to see.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Window {
    pub(super) bbox: Bbox,
    pub(super) per_second: u8,
}

impl Window {
    pub(super) fn new(bbox: Bbox, per_second: Option<u8>) -> Option<Self> {
        let per_second = per_second.unwrap_or(PER_SECOND_DEFAULT);
        PER_SECOND.contains(&per_second).then_some(Self { bbox, per_second })
    }
}

/// The windows of one socket. Dropped with it, they end.
#[derive(Default)]
pub(super) struct Windows {
    tasks: JoinSet<()>,
    by_name: HashMap<String, (watch::Sender<Window>, AbortHandle)>,
}

impl Windows {
    pub(super) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Begins to look, or moves a window. False: there are too many.
    pub(super) fn look(&mut self, name: String, window: Window, begin: impl FnOnce(String) -> Look) -> bool {
        if let Some((moved, _)) = self.by_name.get(&name) {
            moved.send_replace(window);
            return true;
        }
        if self.by_name.len() >= MAP_WINDOWS_PER_SOCKET_MAX {
            return false;
        }
        let (moves, moved) = watch::channel(window);
        let task = self.tasks.spawn(begin(name.clone()).run(moved));
        self.by_name.insert(name, (moves, task));
        true
    }

    pub(super) fn end(&mut self, name: &str) {
        if let Some((_, task)) = self.by_name.remove(name) {
            task.abort();
        }
    }

    /// Waits for one to end; for ever without any.
    pub(super) async fn ended(&mut self) {
        if self.tasks.join_next().await.is_none() {
            std::future::pending::<()>().await;
        }
        self.by_name.retain(|_, (_, task)| !task.is_finished());
    }
}

pub(super) struct Look {
    pub(super) state: State,
    pub(super) outbox: Arc<Outbox>,
    pub(super) person_id: Option<Uuid>,
    pub(super) name: String,
}

impl Look {
    async fn run(self, mut window: watch::Receiver<Window>) {
        let hub = Arc::clone(self.state.hub());
        self.outbox.push_text(ServerMessage::Watching { id: &self.name }.to_text());
        loop {
            let Window { bbox, per_second } = *window.borrow_and_update();
            let looked = tokio::select! {
                looked = self.look(&hub, bbox, per_second) => looked,
                moved = window.changed() => match moved {
                    Ok(()) => continue,
                    Err(_) => return,
                },
            };
            if let Err(error) = looked {
                tracing::warn!(?error, "where devices are could not be read for a map");
                let detail = "the server can't read from the database now; subscribe again shortly";
                self.outbox.push_text(ServerMessage::Error { code: "unavailable", detail, id: Some(&self.name) }.to_text());
                return;
            }
        }
    }

    /// All that are in the window, then those that moved; for ever.
    async fn look(&self, hub: &Hub, bbox: Bbox, per_second: u8) -> Result<(), Refused> {
        // Before the first look, so that nothing between it and the first change is missed.
        let mut changes = hub.movements.watch();
        let mut told = hub.movements.number();
        let mut after = None;
        loop {
            let sight = self.state.reads().sight_now(self.person_id).await?;
            let (pool, scopes) = (self.state.pool(), sight.scopes());
            let found = store::device_state::list_in_window(pool, scopes, bbox.into(), after, POSITIONS_PAGE_MAX_ITEMS).await?;
            self.state.reads().catch_up().await;
            self.tell(&found, bbox).await?;
            match found.last() {
                Some(last) if i64::try_from(found.len()) == Ok(POSITIONS_PAGE_MAX_ITEMS) => after = Some(last.device_id),
                _ => break,
            }
        }
        let mut ticks = interval(Duration::from_secs(1) / u32::from(per_second));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            // The hub is gone with the server.
            if changes.changed().await.is_err() {
                return std::future::pending().await;
            }
            let (moved, number) = hub.movements.since(told);
            told = number;
            let moved: Vec<Whereabouts> = moved.iter().map(|one| **one).collect();
            self.tell(&moved, bbox).await?;
        }
    }

    /// In frames, each when the network has taken those before it. Who may see what is asked for each,
    /// then: a reader that is slow learns nothing that they may not see any more. (Whoever read these rows has caught
    /// up with the feed behind it.)
    async fn tell(&self, found: &[Whereabouts], bbox: Bbox) -> Result<(), Refused> {
        for part in found.chunks(POSITIONS_PER_FRAME_MAX) {
            self.outbox.room_for_positions().await;
            let sight = self.state.reads().sight_kept(self.person_id).await?;
            let is_seen = |one: &&Whereabouts| sight.sees(one.scope_id) && bbox.contains(one.longitude, one.latitude);
            let rows: Vec<PositionRow> = part.iter().filter(is_seen).map(row).collect();
            if !rows.is_empty() {
                self.outbox.push_positions(ServerMessage::Positions { id: &self.name, rows: &rows }.to_text());
            }
        }
        Ok(())
    }
}
