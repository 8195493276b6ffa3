//! Who has a channel open, and who is typing there: told to those who have it open themselves, on whichever server, and
//! kept nowhere. What a server knows of its own readers it tells the others by a NOTIFY now and then; what is not
//! repeated is forgotten. So one that was lost is made good by the next.

use super::hub::Hub;
use super::protocol::{PresentPerson, ServerMessage};
use crate::state::State;
use domain::limits::{
    PRESENCE_KEPT, PRESENCE_PEOPLE_MAX, PRESENCE_RECONNECT_PAUSE, PRESENCE_TOLD_AFTER, PRESENCE_TOLD_EVERY, TYPING_LASTS,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use store::feed::{Channel, Listener};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

/// What one server tells the others of a channel: all of its own readers there. (The format of the NOTIFY on
/// `synops_presence`.)
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    /// A server's boot.
    from: Uuid,
    channel_id: Uuid,
    /// At most `PRESENCE_PEOPLE_MAX`; each with whether they are typing.
    people: Readers,
}

#[derive(Debug)]
pub(super) struct Presence {
    /// This process, among those that tell.
    own: Uuid,
    table: Mutex<Table>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Table {
    /// Channels where somebody came, went or typed.
    stirred: HashSet<Uuid>,
    typing: HashMap<(Uuid, Uuid), Instant>,
    /// What others told, by channel and server, and until when it holds.
    elsewhere: HashMap<(Uuid, Uuid), (Instant, Readers)>,
    /// What was told last of each channel that somebody here has open.
    here: HashMap<Uuid, Readers>,
}

/// One server's readers of a channel, each with whether they are typing.
type Readers = Vec<(Uuid, bool)>;

/// All of them together.
type People = BTreeMap<Uuid, bool>;

impl Presence {
    pub(super) fn new() -> Self {
        Self { own: Uuid::now_v7(), table: Mutex::default(), changed: Notify::new() }
    }

    /// Somebody came to a channel, or went.
    pub(super) fn stirred(&self, channels: impl IntoIterator<Item = Uuid>) {
        let mut table = self.table.lock();
        let before = table.stirred.len();
        table.stirred.extend(channels);
        if table.stirred.len() > before {
            self.changed.notify_one();
        }
    }

    /// Of scopes whose readers may be others now those are looked at that somebody here has open.
    pub(super) fn shifted(&self, scopes: impl Iterator<Item = Uuid>) {
        let mut table = self.table.lock();
        let Table { stirred, here, .. } = &mut *table;
        let before = stirred.len();
        stirred.extend(scopes.filter(|scope| here.contains_key(scope)));
        if stirred.len() > before {
            self.changed.notify_one();
        }
    }

    /// Somebody who has the channel open types.
    pub(super) fn types(&self, channel_id: Uuid, person_id: Uuid) {
        let mut table = self.table.lock();
        if table.typing.insert((channel_id, person_id), Instant::now() + TYPING_LASTS).is_none() {
            table.stirred.insert(channel_id);
            self.changed.notify_one();
        }
    }

    /// Who said something types no more.
    pub(super) fn said(&self, channel_id: Uuid, person_id: Uuid) {
        let mut table = self.table.lock();
        if table.typing.remove(&(channel_id, person_id)).is_some() {
            table.stirred.insert(channel_id);
            self.changed.notify_one();
        }
    }

    fn hear(&self, told: &str) {
        let Ok(Told { from, channel_id, mut people }) = serde_json::from_str::<Told>(told) else { return };
        if from == self.own {
            return;
        }
        people.truncate(PRESENCE_PEOPLE_MAX);
        let mut table = self.table.lock();
        if people.is_empty() {
            table.elsewhere.remove(&(channel_id, from));
        } else {
            table.elsewhere.insert((channel_id, from), (Instant::now() + PRESENCE_KEPT, people));
        }
        table.stirred.insert(channel_id);
        self.changed.notify_one();
    }

    /// Forgets what has not been repeated, and answers which channels are to be looked at now.
    fn take_stirred(&self, now: Instant) -> HashSet<Uuid> {
        let mut table = self.table.lock();
        let Table { stirred, typing, elsewhere, .. } = &mut *table;
        stirred.extend(typing.extract_if(|_, until| *until <= now).map(|((channel, _), _)| channel));
        stirred.extend(elsewhere.extract_if(|_, (until, _)| *until <= now).map(|((channel, _), _)| channel));
        std::mem::take(stirred)
    }

    /// When something is to be forgotten next.
    fn next_end(&self) -> Option<Instant> {
        let table = self.table.lock();
        table.typing.values().copied().chain(table.elsewhere.values().map(|(until, _)| *until)).min()
    }

    /// These of its own readers have the channel open: what is to be told to others (if it is news, or is to be
    /// `repeated`), and who is there in all.
    fn gather(&self, channel_id: Uuid, readers: &BTreeSet<Uuid>, repeated: bool) -> (Option<Readers>, People) {
        let mut table = self.table.lock();
        let typing = &table.typing;
        let own: Readers = readers
            .iter()
            .take(PRESENCE_PEOPLE_MAX)
            .map(|person| (*person, typing.contains_key(&(channel_id, *person))))
            .collect();
        let is_news = table.here.get(&channel_id).map_or(!own.is_empty(), |before| *before != own);
        if own.is_empty() {
            table.here.remove(&channel_id);
        } else {
            table.here.insert(channel_id, own.clone());
        }
        let mut all: People = BTreeMap::new();
        let others =
            table.elsewhere.iter().filter(|((channel, _), _)| *channel == channel_id).flat_map(|(_, (_, people))| people);
        for (person, types) in own.iter().chain(others) {
            *all.entry(*person).or_default() |= types;
        }
        while all.len() > PRESENCE_PEOPLE_MAX {
            all.pop_last();
        }
        (Some(own).filter(|_| is_news || repeated), all)
    }

    /// Channels that somebody here has open.
    fn open_here(&self) -> Vec<Uuid> {
        self.table.lock().here.keys().copied().collect()
    }

    /// Follows who comes and goes, here and elsewhere, until it is dropped; over the loss of the database.
    pub(super) async fn follow(&self, url: &str, state: &State) {
        tokio::join!(self.listen(url), self.tell(state));
    }

    async fn listen(&self, url: &str) {
        loop {
            let listening = async {
                let mut listener = Listener::connect(url, Channel::Presence).await?;
                loop {
                    self.hear(&listener.told().await?);
                }
            };
            let ended: Result<(), sqlx::Error> = listening.await;
            if let Err(error) = ended {
                tracing::debug!(%error, "who is on other servers is not heard of now; tried again shortly");
            }
            sleep(PRESENCE_RECONNECT_PAUSE).await;
        }
    }

    async fn tell(&self, state: &State) {
        let mut repeat_at = Instant::now() + PRESENCE_TOLD_EVERY;
        loop {
            let until = self.next_end().map_or(repeat_at, |end| end.min(repeat_at));
            let wait = until.saturating_duration_since(Instant::now());
            if timeout(wait, self.changed.notified()).await.is_ok() {
                // Who comes rarely comes alone: several are told of at once.
                sleep(PRESENCE_TOLD_AFTER).await;
            }
            let now = Instant::now();
            let mut channels = self.take_stirred(now);
            let repeats = now >= repeat_at;
            if repeats {
                repeat_at = now + PRESENCE_TOLD_EVERY;
                channels.extend(self.open_here());
            }
            for channel_id in channels {
                self.tell_of(state, channel_id, repeats).await;
            }
        }
    }

    async fn tell_of(&self, state: &State, channel_id: Uuid, repeated: bool) {
        let hub = state.hub();
        let readers = hub.people_in(channel_id);
        let (own, all) = self.gather(channel_id, &readers, repeated);
        if let Some(people) = own {
            let told = serde_json::to_string(&Told { from: self.own, channel_id, people }).unwrap_or_default();
            if let Err(error) = store::feed::tell_presence(state.pool(), &told).await {
                tracing::debug!(%error, "who is here is not told to other servers now");
            }
        }
        if !readers.is_empty() {
            self.push(hub, state, channel_id, all).await;
        }
    }

    async fn push(&self, hub: &Hub, state: &State, channel_id: Uuid, all: People) {
        let ids: Vec<Uuid> = all.keys().copied().collect();
        let titles: HashMap<Uuid, String> = match store::node::list_titles(state.pool(), &ids).await {
            Ok(titles) => titles.into_iter().collect(),
            Err(error) => return tracing::debug!(%error, "who is here is not told now"),
        };
        let people: Vec<PresentPerson<'_>> = all
            .iter()
            .filter_map(|(id, typing)| Some(PresentPerson { id: *id, title: titles.get(id)?, typing: *typing }))
            .collect();
        hub.tell_presence(channel_id, &ServerMessage::Presence { channel_id, people: &people }.to_text());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn told(from: u128, people: &[(u128, bool)]) -> String {
        let people = people.iter().map(|(person, types)| (id(*person), *types)).collect();
        serde_json::to_string(&Told { from: id(from), channel_id: id(9), people }).unwrap()
    }

    fn all(presence: &Presence, readers: &[u128]) -> Vec<(u128, bool)> {
        let readers = readers.iter().map(|person| id(*person)).collect();
        presence.gather(id(9), &readers, false).1.into_iter().map(|(person, types)| (person.as_u128(), types)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_here_and_elsewhere_is_there_once_and_is_forgotten_when_it_is_not_repeated() {
        let presence = Presence::new();
        presence.hear(&told(100, &[(1, false), (2, true)]));
        presence.hear(&told(101, &[(3, false)]));
        assert_eq!(all(&presence, &[1, 4]), [(1, false), (2, true), (3, false), (4, false)]);
        presence.hear(&told(101, &[]));
        assert_eq!(all(&presence, &[4]), [(1, false), (2, true), (4, false)]);
        tokio::time::advance(PRESENCE_KEPT + Duration::from_secs(1)).await;
        assert_eq!(presence.take_stirred(Instant::now()), HashSet::from([id(9)]));
        assert_eq!(all(&presence, &[4]), [(4, false)]);
        presence.hear("nonsense");
        presence.hear(&told(presence.own.as_u128(), &[(7, true)]));
        assert_eq!(all(&presence, &[4]), [(4, false)]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_types_does_so_for_a_while_or_until_they_have_said_it() {
        let presence = Presence::new();
        presence.types(id(9), id(1));
        presence.types(id(9), id(2));
        assert_eq!(all(&presence, &[1, 2]), [(1, true), (2, true)]);
        presence.said(id(9), id(2));
        assert_eq!(all(&presence, &[1, 2]), [(1, true), (2, false)]);
        presence.take_stirred(Instant::now());
        tokio::time::advance(TYPING_LASTS + Duration::from_millis(1)).await;
        assert_eq!(presence.take_stirred(Instant::now()), HashSet::from([id(9)]), "it is told that it has ended");
        assert_eq!(all(&presence, &[1, 2]), [(1, false), (2, false)]);
    }

    #[test]
    fn others_are_told_what_is_news() {
        let presence = Presence::new();
        let news = |readers: &[u128], repeated: bool| {
            presence.gather(id(9), &readers.iter().map(|person| id(*person)).collect(), repeated).0.map(|own| own.len())
        };
        assert_eq!(news(&[], false), None);
        assert_eq!(news(&[1], false), Some(1));
        assert_eq!(news(&[1], false), None);
        assert_eq!(news(&[1], true), Some(1));
        assert_eq!(news(&[], false), Some(0), "that all have gone is news");
        assert_eq!(news(&[], false), None);
        let many: Vec<u128> = (0..1_000).collect();
        assert_eq!(news(&many, false), Some(PRESENCE_PEOPLE_MAX));
        let people: Vec<(u128, bool)> = (0..PRESENCE_PEOPLE_MAX as u128).map(|person| (u128::MAX - person, false)).collect();
        assert!(told(u128::MAX, &people).len() < 8_000, "as much as a NOTIFY holds");
    }
}
