//! Where devices are, for those who look at a map. Positions are no part of the graph's feed: each is the latest of
//! its device, and one that gets lost is made good by the next. So what is told is a hint (which devices are
//! elsewhere now), and what is shown is read by it: each device once, however often it was told of.

use super::protocol::PositionRow;
use crate::state::State;
use domain::limits::{MOVEMENTS_READ_EVERY, MOVEMENTS_RECONNECT_PAUSE};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use store::device_state::Whereabouts;
use store::feed::{Channel, Listener};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

/// Of all devices that moved since somebody looked. Filled only while somebody does.
#[derive(Debug)]
pub(super) struct Movements {
    table: Mutex<Table>,
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Table {
    /// Counts changes; each device has the number of its last.
    number: u64,
    by_device: HashMap<Uuid, (u64, Arc<Whereabouts>)>,
    by_number: BTreeMap<u64, Uuid>,
}

impl Movements {
    pub(super) fn new() -> Self {
        Self { table: Mutex::default(), changed: watch::Sender::new(0) }
    }

    /// Told at each change; as long as one of these is held, changes are read.
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The number of the last change.
    pub(super) fn number(&self) -> u64 {
        self.table.lock().number
    }

    /// Devices that changed after that one, and the number of the last change.
    pub(super) fn since(&self, number: u64) -> (Vec<Arc<Whereabouts>>, u64) {
        let table = self.table.lock();
        let changed = table.by_number.range(number + 1..).filter_map(|(_, id)| table.by_device.get(id));
        (changed.map(|(_, found)| Arc::clone(found)).collect(), table.number)
    }

    fn take(&self, found: Vec<Whereabouts>) {
        let mut table = self.table.lock();
        for one in found {
            let id = one.device_id;
            let known = table.by_device.get(&id).map(|(number, known)| (*number, **known == one));
            if known.is_some_and(|(_, is_same)| is_same) {
                continue;
            }
            if let Some((before, _)) = known {
                table.by_number.remove(&before);
            }
            table.number += 1;
            let number = table.number;
            table.by_number.insert(number, id);
            table.by_device.insert(id, (number, Arc::new(one)));
        }
        let number = table.number;
        drop(table);
        self.changed.send_if_modified(|told| std::mem::replace(told, number) != number);
    }

    fn is_watched(&self) -> bool {
        self.changed.receiver_count() > 0
    }

    /// Nobody looks any more: numbers go on, so that nobody takes an old one for theirs.
    fn forget(&self) {
        let mut table = self.table.lock();
        table.by_device.clear();
        table.by_number.clear();
    }

    /// Follows what is told of, until it is dropped; over the loss of the database.
    pub(super) async fn follow(&self, url: &str, state: &State) {
        loop {
            if let Err(error) = self.follow_once(url, state).await {
                tracing::debug!(%error, "where devices are is not heard of now; tried again shortly");
            }
            sleep(MOVEMENTS_RECONNECT_PAUSE).await;
        }
    }

    async fn follow_once(&self, url: &str, state: &State) -> Result<(), sqlx::Error> {
        let mut listener = Listener::connect(url, Channel::Positions).await?;
        // What was told before that, nobody here has heard.
        if self.is_watched() {
            self.read(state, None).await?;
        }
        let mut read_at = Instant::now();
        loop {
            let mut ids = ids_of(&listener.told().await?);
            // More of them at once cost little more than one.
            let until = read_at + MOVEMENTS_READ_EVERY;
            loop {
                tokio::select! {
                    told = listener.told() => ids.extend(ids_of(&told?)),
                    () = sleep_until(until) => break,
                }
            }
            read_at = Instant::now();
            if !self.is_watched() {
                self.forget();
                continue;
            }
            let ids: Vec<Uuid> = ids.into_iter().collect();
            self.read(state, Some(&ids)).await?;
        }
    }

    /// Nobody is told of it before all is known here that was decided before: who may see it is judged by that.
    async fn read(&self, state: &State, ids: Option<&[Uuid]>) -> Result<(), sqlx::Error> {
        let found = store::device_state::list_whereabouts(state.pool(), ids).await?;
        state.reads().catch_up().await;
        self.take(found);
        Ok(())
    }
}

/// Ids of 32 hexadecimal digits, one behind the other.
fn ids_of(told: &str) -> BTreeSet<Uuid> {
    told.as_bytes().chunks(32).filter_map(|id| Uuid::try_parse_ascii(id).ok()).collect()
}

pub(super) fn row(found: &Whereabouts) -> PositionRow {
    let Whereabouts { device_id, at, longitude, latitude, speed_kmh, heading_deg, .. } = *found;
    (device_id, at.timestamp_millis(), longitude, latitude, speed_kmh, heading_deg)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn found(id: u128, s: i64) -> Whereabouts {
        Whereabouts {
            device_id: Uuid::from_u128(id),
            scope_id: Uuid::nil(),
            at: DateTime::from_timestamp(s, 0).unwrap(),
            longitude: 10.0,
            latitude: 60.0,
            speed_kmh: 50,
            heading_deg: 0,
        }
    }

    #[test]
    fn each_device_is_told_of_once() {
        let movements = Movements::new();
        let mut watch = movements.watch();
        movements.take(vec![found(1, 1), found(2, 1)]);
        movements.take(vec![found(1, 2)]);
        let (changed, number) = movements.since(0);
        let told: Vec<(u128, i64)> = changed.iter().map(|one| (one.device_id.as_u128(), one.at.timestamp())).collect();
        assert_eq!(told, [(2, 1), (1, 2)]);
        assert_eq!(movements.since(number).0.len(), 0);
        assert!(watch.has_changed().unwrap());
        watch.mark_unchanged();
        movements.take(vec![found(1, 2)]);
        assert!(!watch.has_changed().unwrap(), "it is where it was");
        movements.forget();
        assert_eq!((movements.since(0).0.len(), movements.number()), (0, number));
    }

    #[test]
    fn what_is_told() {
        let (a, b) = (Uuid::from_u128(7), Uuid::from_u128(8));
        let check = |told: &str, expect: &[Uuid]| assert_eq!(ids_of(told).into_iter().collect::<Vec<_>>(), expect, "{told}");
        check(&format!("{}{}", b.simple(), a.simple()), &[a, b]);
        check("", &[]);
        check("nonsense", &[]);
        check(&format!("{}zz", a.simple()), &[a]);
    }
}
