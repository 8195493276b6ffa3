//! Channels, and what people say in them. (Whom that is told to besides is in `talk.rs`.)

mod talk;

use super::{Touched, Work, changed_fields, fresh, node_subject};
use crate::authorise::{self, End};
use crate::carry_out::Stop;
use domain::access::Level;
use domain::channel::is_beside;
use domain::incident::NewIncidentUpdate;
use domain::intention::Intention;
use domain::limits::{EMOJIS_PER_MESSAGE_MAX, MESSAGE_EDITS_MAX, PINS_PER_CHANNEL_MAX, REACTIONS_PER_MESSAGE_MAX};
use domain::maintenance::NewUpdate;
use domain::message::{emoji_of, title_of, validate_body, with_names};
use domain::node::NodeKind;
use domain::notification::MarkPatch;
use domain::timeline::Audience;
use domain::{Actor, EdgeKind, Refusal};
use serde_json::{Map, Value, json};
use store::message::{NewMessage, Said};
use store::node::{LockedNode, NewNode};
use uuid::Uuid;

const NO_CHANNEL: Refusal = Refusal::NotFound { what: "channel" };
const NO_MESSAGE: Refusal = Refusal::NotFound { what: "message" };

impl Work<'_> {
    pub(super) async fn create_channel(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::CreateChannel { id, parent_id, title, body, channel, scope } = intention else { return Ok(()) };
        // Held, so that two who begin to talk about something do so in one place.
        let no_parent = Refusal::NotFound { what: "parent" };
        let parent = store::node::lock_node(&mut *self.db, *parent_id).await?.ok_or(no_parent)?;
        let beside_id = is_beside(parent.kind).then_some(*parent_id);
        if beside_id.is_some() {
            self.rights(parent.scope_id).await?.need(Level::Reader, "parent")?;
            if let Some(there) = store::channel::find_beside(&mut *self.db, *parent_id).await? {
                // Its scope may be closed to them.
                self.locked(there, Level::Reader).await?;
                self.touched.push(Touched::Node(there));
                return Ok(());
            }
        }
        if beside_id.is_some() && scope.is_some() {
            // There is one for all who have to do with the thing: who reads it is not for each of them to say.
            self.rights(parent.scope_id).await?.need(Level::Admin, "parent")?;
        }
        let id = id.unwrap_or_else(Uuid::now_v7);
        let end = End { id: *parent_id, kind: parent.kind, scope_id: parent.scope_id };
        let title = title.as_deref().unwrap_or(&parent.title);
        self.insert_placed(id, NodeKind::Channel, end, (title, body, &Map::new())).await?;
        store::channel::insert_channel(&mut *self.db, id, beside_id, channel.history.unwrap_or_default()).await?;
        if let Some(patch) = scope {
            store::scope::upsert_scope(&mut *self.db, id, patch.visibility, patch.isolated).await?;
        }
        // What is beside something is theirs whose that is, unless it is closed to them.
        if beside_id.is_none() || scope.is_some_and(|patch| patch.isolated == Some(true)) {
            self.own(id).await?;
        }
        self.touched.push(Touched::Node(id));
        self.record("create_channel", node_subject(id, id, NodeKind::Channel, title), json!({ "parent_id": parent_id })).await
    }

    pub(super) async fn update_channel(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::UpdateChannel { id, version, title, body, channel } = intention else { return Ok(()) };
        let node = self.locked(*id, Level::Reader).await?;
        if node.kind != NodeKind::Channel {
            return Err(NO_CHANNEL.into());
        }
        self.rights(node.scope_id).await?.need(authorise::level_to_change(*id, &node), "channel")?;
        fresh(*version, node.version)?;
        store::node::update_node(&mut *self.db, *id, title.as_deref(), body.as_deref(), None, None).await?;
        store::channel::update_channel(&mut *self.db, *id, *channel).await?;
        self.touched.push(Touched::Node(*id));
        let title = title.as_deref().unwrap_or(&node.title);
        let summary = json!({ "fields": changed_fields(intention), "title_before": node.title });
        self.record("update_channel", node_subject(*id, *id, node.kind, title), summary).await
    }

    /// Numbers are given under a lock that is held to the commit: all readers see one order, without gaps.
    pub(super) async fn send_message(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::SendMessage { id, channel_id, thread_id, body, file_ids } = intention else { return Ok(()) };
        let (id, channel_id, thread_id) = (*id, *channel_id, *thread_id);
        let channel = self.end(channel_id, "channel").await?;
        let rights = self.rights(channel.scope_id).await?;
        rights.need(Level::Reader, "channel")?;
        if channel.kind != NodeKind::Channel {
            return Err(NO_CHANNEL.into());
        }
        rights.need(Level::Member, "channel")?;
        // Also where what it answers is gone by now.
        if let Some(there) = store::message::find_said(&mut *self.db, id).await? {
            return self.said_before(id, channel_id, &there);
        }
        self.hold_order(channel_id, thread_id).await?;
        if let Some(there) = store::message::find_said(&mut *self.db, id).await? {
            return self.said_before(id, channel_id, &there);
        }
        let number = match thread_id {
            Some(thread_id) => store::message::take_reply_number(&mut *self.db, channel_id, thread_id).await?,
            None => store::channel::take_number(&mut *self.db, channel_id).await?,
        };
        let mentions = self.named_in(body).await?;
        let (created_by, title) = (self.actor.person_id(), title_of(body));
        let new = NewNode {
            id,
            kind: NodeKind::Message,
            scope_id: channel.scope_id,
            title: &title,
            body,
            attrs: &Map::new(),
            position: 0,
            created_by,
        };
        store::node::insert_node(&mut *self.db, new).await?;
        self.insert_edge(Uuid::now_v7(), EdgeKind::PartOf, id, channel_id, &Map::new()).await?;
        let ids: Vec<Uuid> = mentions.iter().map(|(id, _)| *id).collect();
        let (thread, author_title) = (thread_id.unwrap_or(channel_id), self.author().map(|(_, title)| title.to_owned()));
        let author_title = author_title.as_deref();
        let message = NewMessage { id, channel_id, thread_id: thread, number, author_title, mentions: &ids };
        store::message::insert_message(&mut *self.db, message).await?;
        self.attach(id, channel_id, file_ids).await?;
        if let Some(person_id) = created_by.filter(|_| thread_id.is_none()) {
            // Who speaks has read what was said before.
            let mark = MarkPatch { read_number: Some(number), muted: None };
            store::channel::upsert_mark(&mut *self.db, person_id, channel_id, mark).await?;
        }
        self.tell_named(id, channel_id, &mentions, body).await?;
        if let Some(thread_id) = thread_id {
            self.tell_thread(thread_id, channel_id, &mentions).await?;
        }
        self.touched.push(Touched::Node(id));
        self.record_message("send_message", id, channel_id, json!({ "number": number, "thread_id": thread_id })).await
    }

    /// Holds the order of the channel's messages, or of the answers to one of them.
    async fn hold_order(&mut self, channel_id: Uuid, thread_id: Option<Uuid>) -> Result<(), Stop> {
        let Some(thread_id) = thread_id else {
            let there = store::channel::lock_order(&mut *self.db, channel_id).await?;
            return if there { Ok(()) } else { Err(NO_CHANNEL.into()) };
        };
        // Its node first, as those do who change it. (Whether there is such a node at all is nobody's to learn here.)
        store::node::lock_node(&mut *self.db, thread_id).await?;
        let there = store::message::lock_thread(&mut *self.db, channel_id, thread_id).await?;
        if there { Ok(()) } else { Err(Refusal::conflict("what it answers is gone, or an answer itself").into()) }
    }

    /// A repeat is answered with what is there, if it is theirs and here.
    fn said_before(&mut self, id: Uuid, channel_id: Uuid, there: &Said) -> Result<(), Stop> {
        if there.channel_id != channel_id || there.author_id != self.actor.person_id() {
            return Err(Refusal::conflict("there is one with this id already").into());
        }
        self.touched.push(Touched::Node(id));
        Ok(())
    }

    async fn attach(&mut self, id: Uuid, channel_id: Uuid, file_ids: &[Uuid]) -> Result<(), Stop> {
        if file_ids.is_empty() {
            return Ok(());
        }
        let file_ids = super::distinct(file_ids);
        let by = self.actor.person_id();
        let attached = store::message::attach_files(&mut *self.db, (id, channel_id), by, &file_ids).await?;
        if attached == file_ids.len() as u64 {
            return Ok(());
        }
        Err(Refusal::invalid("file_ids", "files that you uploaded to this channel, each sent once").into())
    }

    pub(super) async fn edit_message(&mut self, id: Uuid, version: i64, body: &str) -> Result<(), Stop> {
        let (node, said) = self.message(id).await?;
        if said.author_id.is_none() || said.author_id != self.actor.person_id() {
            return Err(Refusal::forbidden("only its author changes what a message says").into());
        }
        fresh(version, node.version)?;
        validate_body(body, store::message::has_files(&mut *self.db, id).await?)?;
        let mentions = self.named_in(body).await?;
        let ids: Vec<Uuid> = mentions.iter().map(|(id, _)| *id).collect();
        store::message::update_body(self.db, id, (&title_of(body), body), &ids, MESSAGE_EDITS_MAX).await?;
        let added: Vec<(Uuid, NodeKind)> = mentions.into_iter().filter(|(id, _)| !said.mentions.contains(id)).collect();
        self.tell_named(id, said.channel_id, &added, body).await?;
        self.touched.push(Touched::Node(id));
        self.record_message("edit_message", id, said.channel_id, json!({})).await
    }

    pub(super) async fn delete_message(&mut self, id: Uuid, version: i64) -> Result<(), Stop> {
        let (node, said) = self.message(id).await?;
        if said.author_id.is_none() || said.author_id != self.actor.person_id() {
            self.rights(node.scope_id).await?.need(Level::Admin, "message")?;
        }
        fresh(version, node.version)?;
        store::message::delete_content(self.db, id, &title_of("")).await?;
        self.touched.push(Touched::Node(id));
        let summary = json!({ "of_another": said.author_id != self.actor.person_id() });
        self.record_message("delete_message", id, said.channel_id, summary).await
    }

    pub(super) async fn react(&mut self, id: Uuid, emoji: &str, on: bool) -> Result<(), Stop> {
        let (_, said) = self.message(id).await?;
        let emoji = emoji_of(emoji)?;
        let person = self.author().map(|(id, title)| (id, title.to_owned()));
        let (person_id, title) = person.ok_or_else(|| Refusal::forbidden("people react, not the server"))?;
        let changed = if on {
            let (all, others) = store::message::count_reactions(&mut *self.db, id, emoji).await?;
            if all >= REACTIONS_PER_MESSAGE_MAX || others >= EMOJIS_PER_MESSAGE_MAX {
                let detail = format!("{EMOJIS_PER_MESSAGE_MAX} emojis and {REACTIONS_PER_MESSAGE_MAX} reactions are enough");
                return Err(Refusal::Limit { detail, retry_after_s: None }.into());
            }
            store::message::insert_reaction(&mut *self.db, id, emoji, (person_id, &title)).await?
        } else {
            store::message::delete_reaction(&mut *self.db, id, emoji, person_id).await?
        };
        self.touched.push(Touched::Node(id));
        if !changed {
            return Ok(());
        }
        self.record_message("react", id, said.channel_id, json!({ "emoji": emoji, "on": on })).await
    }

    pub(super) async fn pin_message(&mut self, id: Uuid, pinned: bool) -> Result<(), Stop> {
        let (_, said) = self.message(id).await?;
        if pinned && store::message::count_pins(&mut *self.db, said.channel_id).await? >= PINS_PER_CHANNEL_MAX {
            let detail = format!("{PINS_PER_CHANNEL_MAX} messages are pinned there: take one off first");
            return Err(Refusal::Limit { detail, retry_after_s: None }.into());
        }
        let by = self.actor.person_id();
        store::message::update_pin(&mut *self.db, id, pinned, by).await?;
        self.touched.push(Touched::Node(id));
        self.record_message("pin_message", id, said.channel_id, json!({ "pinned": pinned })).await
    }

    pub(super) async fn promote_message(&mut self, id: Uuid, audience: Audience) -> Result<(), Stop> {
        let (_, said) = self.message(id).await?;
        if said.is_promoted {
            return Err(Refusal::conflict("it is on the timeline already").into());
        }
        let beside = store::channel::find_what_beside(&mut *self.db, said.channel_id).await?;
        let beside = beside.and_then(|(id, kind)| Some((id, NodeKind::parse(&kind)?)));
        let message = with_names(&said.body);
        match beside {
            Some((beside_id, NodeKind::Incident)) => {
                let update = NewIncidentUpdate { message, audience, state_change: None };
                update.validate()?;
                self.add_incident_update(beside_id, &update).await?;
            }
            Some((beside_id, NodeKind::Maintenance)) => {
                let update = NewUpdate { message, audience, state_change: None };
                update.validate()?;
                self.add_maintenance_update(beside_id, &update).await?;
            }
            _ => return Err(Refusal::conflict("its channel is beside no incident or maintenance: there is no timeline").into()),
        }
        store::message::mark_promoted(&mut *self.db, id).await?;
        self.touched.push(Touched::Node(id));
        self.record_message("promote_message", id, said.channel_id, json!({ "audience": audience })).await
    }

    /// The message, held, for who may do something about it. One that was deleted takes no more.
    async fn message(&mut self, id: Uuid) -> Result<(LockedNode, Said), Stop> {
        let node = store::node::lock_node(&mut *self.db, id).await?.ok_or(NO_MESSAGE)?;
        let rights = self.rights(node.scope_id).await?;
        rights.need(Level::Reader, "message")?;
        let said = store::message::find_said(&mut *self.db, id).await?.ok_or(NO_MESSAGE)?;
        rights.need(Level::Member, "message")?;
        if said.is_deleted {
            return Err(Refusal::conflict("it was deleted").into());
        }
        Ok((node, said))
    }

    /// Who says it; `None`: the server itself.
    fn author(&self) -> Option<(Uuid, &str)> {
        if let Actor::Person { id, title, .. } = self.actor { Some((*id, title.as_str())) } else { None }
    }

    /// Never with words of the message: it may be deleted, the log stays.
    async fn record_message(&mut self, action: &str, id: Uuid, channel_id: Uuid, summary: Value) -> Result<(), Stop> {
        let titles = store::node::list_titles(&mut *self.db, &[channel_id]).await?;
        let title = titles.first().map_or("", |(_, title)| title.as_str());
        self.record(action, node_subject(id, channel_id, NodeKind::Message, title), summary).await
    }
}

/// What only intentions of its own change.
pub(super) fn guard_message(node: &LockedNode) -> Result<(), Refusal> {
    match node.kind {
        NodeKind::Message => {
            Err(Refusal::conflict("a message is edited and deleted by intentions of its own, which keep its place"))
        }
        _ => Ok(()),
    }
}
