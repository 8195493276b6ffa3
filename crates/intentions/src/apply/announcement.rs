//! Announcements: made, changed and ordered by administrators of where they are. (What the clock does is in
//! `announcement_clock.rs`.)

use super::{Touched, Work, fresh, node_subject};
use crate::carry_out::Stop;
use crate::notify::notify;
use domain::EdgeKind;
use domain::Refusal;
use domain::access::Level;
use domain::announcement::{Announcement, AnnouncementSeverity, AnnouncementState};
use domain::intention::Intention;
use domain::node::NodeKind;
use domain::notification::{Notice, NoticeKind};
use domain::timeline::Audience;
use serde_json::{Map, json};
use sqlx::PgConnection;
use store::node::NewNode;
use uuid::Uuid;

const NO_SUCH: Refusal = Refusal::NotFound { what: "announcement" };

impl Work<'_> {
    pub(super) async fn create_announcement(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::CreateAnnouncement { id, parent_id, title, body, announcement: patch } = intention else {
            return Ok(());
        };
        let id = id.unwrap_or_else(Uuid::now_v7);
        self.own_scope_parent(NodeKind::Announcement, *parent_id).await?;
        let now = store::database::now(&mut *self.db).await?;
        let new = patch.announcement(now).map_err(|refusal| refusal.within("announcement"))?;
        let (attrs, created_by) = (Map::new(), self.actor.person_id());
        let node =
            NewNode { id, kind: NodeKind::Announcement, scope_id: id, title, body, attrs: &attrs, position: 0, created_by };
        store::node::insert_node(&mut *self.db, node).await?;
        self.insert_edge(Uuid::now_v7(), EdgeKind::PartOf, id, *parent_id, &attrs).await?;
        store::announcement::upsert_announcement(&mut *self.db, id, &new).await?;
        store::scope::upsert_scope(&mut *self.db, id, Some(new.visibility()), None).await?;
        if new.state == AnnouncementState::Active {
            tell(&mut *self.db, id, title, body, &new).await?;
        }
        self.touched.push(Touched::Node(id));
        let summary = json!({ "audience": new.audience, "starts_at": new.starts_at, "ends_at": new.ends_at, "state": new.state });
        self.record("create_announcement", node_subject(id, id, NodeKind::Announcement, title), summary).await
    }

    pub(super) async fn update_announcement(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::UpdateAnnouncement { id, version, title, body, announcement: patch } = intention else {
            return Ok(());
        };
        let node = store::node::lock_node(&mut *self.db, *id).await?.ok_or(NO_SUCH)?;
        let rights = self.rights(node.scope_id).await?;
        rights.need(Level::Reader, "announcement")?;
        let before = store::announcement::lock_announcement(&mut *self.db, *id).await?.ok_or(NO_SUCH)?;
        rights.need(Level::Admin, "announcement")?;
        fresh(*version, node.version)?;
        let now = store::database::now(&mut *self.db).await?;
        let after = patch.onto(&before, now).map_err(|refusal| refusal.within("announcement"))?;
        store::node::update_node(&mut *self.db, *id, title.as_deref(), body.as_deref(), None, None).await?;
        store::announcement::upsert_announcement(&mut *self.db, *id, &after).await?;
        store::scope::upsert_scope(&mut *self.db, *id, Some(after.visibility()), None).await?;
        // Other words are news to those who have put it away; so is one that begins again.
        let begins = before.state != AnnouncementState::Active && after.state == AnnouncementState::Active;
        if begins || title.is_some() || body.is_some() || after.severity > before.severity {
            store::announcement::delete_dismissals(&mut *self.db, *id).await?;
        }
        let now_called = title.as_deref().unwrap_or(&node.title);
        if begins {
            let body = body.as_deref().unwrap_or_default();
            tell(&mut *self.db, *id, now_called, body, &after).await?;
        }
        self.touched.push(Touched::Node(*id));
        let summary = json!({ "fields": super::changed_fields(intention), "title_before": node.title, "state": after.state });
        self.record("update_announcement", node_subject(*id, node.scope_id, node.kind, now_called), summary).await
    }

    pub(super) async fn order_announcements(&mut self, ids: &[Uuid]) -> Result<(), Stop> {
        // In one order for all who order, so that two of them don't wait for each other.
        let mut sorted = ids.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.len() != ids.len() {
            return Err(Refusal::invalid("ids", "each once").into());
        }
        let mut nodes = Vec::with_capacity(ids.len());
        for id in &sorted {
            let node = store::node::lock_node(&mut *self.db, *id).await?.ok_or(NO_SUCH)?;
            let rights = self.rights(node.scope_id).await?;
            rights.need(Level::Reader, "announcement")?;
            if node.kind != NodeKind::Announcement {
                return Err(NO_SUCH.into());
            }
            rights.need(Level::Admin, "announcement")?;
            nodes.push((*id, node));
        }
        store::node::update_positions(&mut *self.db, ids).await?;
        for (id, node) in nodes {
            let place = ids.iter().position(|other| *other == id);
            let summary = json!({ "place": place.map(|place| place + 1) });
            self.record("order_announcements", node_subject(id, node.scope_id, node.kind, &node.title), summary).await?;
        }
        self.touched.extend(ids.iter().map(|id| Touched::Node(*id)));
        Ok(())
    }
}

/// Tells those who have subscribed that one has begun.
pub(crate) async fn tell(
    db: &mut PgConnection,
    id: Uuid,
    title: &str,
    body: &str,
    announcement: &Announcement,
) -> Result<(), sqlx::Error> {
    let notice = Notice {
        audience: Audience::Public,
        message: Some(body.to_owned()).filter(|body| !body.trim().is_empty()),
        critical: announcement.severity == AnnouncementSeverity::Critical,
        ..Notice::new(NoticeKind::Announcement, id, NodeKind::Announcement, id, title)
    };
    notify(db, &notice).await
}
