//! Whom a message names, and who is told of it besides those who read the channel.

use super::super::Work;
use crate::carry_out::Stop;
use crate::notify::notify_people;
use domain::limits::{MENTIONED_PEOPLE_MAX, NOTICE_MESSAGE_MAX_CHARS, VOICES_AMONG_ANSWERS};
use domain::message::{nodes_named, plain};
use domain::node::NodeKind;
use domain::notification::{Notice, NoticeKind};
use std::collections::HashMap;
use uuid::Uuid;

/// `MENTIONED_PEOPLE_MAX` as a limit of a statement.
const PEOPLE: i64 = MENTIONED_PEOPLE_MAX as i64;

impl Work<'_> {
    /// The nodes that a text names and its author may see, in its order. What they may not see is text to everybody.
    pub(super) async fn named_in(&mut self, body: &str) -> Result<Vec<(Uuid, NodeKind)>, Stop> {
        let named = nodes_named(body);
        if named.is_empty() {
            return Ok(Vec::new());
        }
        let reader = self.actor.person_id();
        let found = store::message::list_nameable(&mut *self.db, reader, &named).await?;
        let kinds: HashMap<Uuid, NodeKind> =
            found.into_iter().filter_map(|(id, kind)| Some((id, NodeKind::parse(&kind)?))).collect();
        Ok(named.into_iter().filter_map(|id| Some((id, *kinds.get(&id)?))).collect())
    }

    /// Tells the people among these, and the members of the teams.
    pub(super) async fn tell_named(
        &mut self,
        id: Uuid,
        channel_id: Uuid,
        mentions: &[(Uuid, NodeKind)],
        body: &str,
    ) -> Result<(), Stop> {
        let named = people_and_teams(mentions);
        if named.is_empty() {
            return Ok(());
        }
        let people =
            store::notification::list_named_people(&mut *self.db, &named, channel_id, self.actor.person_id(), PEOPLE).await?;
        let title = self.told_as(channel_id).await?;
        let message = plain(body).chars().take(NOTICE_MESSAGE_MAX_CHARS).collect();
        let plain = Notice::new(NoticeKind::MessageMention, id, NodeKind::Message, channel_id, title);
        Ok(notify_people(self.db, &Notice { message: Some(message), ..plain }, &people).await?)
    }

    /// Tells those who have their say in a thread, but for those who were just named. It is said once for all answers
    /// until it is read, and so without their words.
    pub(super) async fn tell_thread(
        &mut self,
        thread_id: Uuid,
        channel_id: Uuid,
        mentions: &[(Uuid, NodeKind)],
    ) -> Result<(), Stop> {
        let but = self.actor.person_id().unwrap_or_default();
        let mut voices =
            store::message::list_voices(&mut *self.db, (channel_id, thread_id), but, VOICES_AMONG_ANSWERS, PEOPLE).await?;
        voices.retain(|id| !mentions.iter().any(|(named, _)| named == id));
        if voices.is_empty() {
            return Ok(());
        }
        let people = store::notification::list_named_people(&mut *self.db, &voices, channel_id, Some(but), PEOPLE).await?;
        let title = self.told_as(channel_id).await?;
        let notice = Notice::new(NoticeKind::MessageReply, thread_id, NodeKind::Message, channel_id, title);
        Ok(notify_people(self.db, &notice, &people).await?)
    }

    /// Who says something where.
    async fn told_as(&mut self, channel_id: Uuid) -> Result<String, sqlx::Error> {
        let titles = store::node::list_titles(&mut *self.db, &[channel_id]).await?;
        let channel = titles.into_iter().next().map_or_else(String::new, |(_, title)| title);
        Ok(self.author().map_or_else(|| channel.clone(), |(_, author)| format!("{author} in {channel}")))
    }
}

fn people_and_teams(mentions: &[(Uuid, NodeKind)]) -> Vec<Uuid> {
    let named = mentions.iter().filter(|(_, kind)| matches!(kind, NodeKind::Person | NodeKind::Team));
    named.map(|(id, _)| *id).collect()
}
