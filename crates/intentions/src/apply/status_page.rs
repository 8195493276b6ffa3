//! Status pages: made, changed, and what they show.

use super::{Touched, Work, fresh, node_subject};
use crate::authorise;
use crate::carry_out::Stop;
use domain::access::Level;
use domain::intention::Intention;
use domain::node::NodeKind;
use domain::status_page::EntryPatch;
use domain::{EdgeKind, Refusal};
use serde_json::{Map, Value, json};
use store::node::NewNode;
use store::status_page::Entry;
use uuid::Uuid;

const KIND: NodeKind = NodeKind::StatusPage;
const NO_SUCH: Refusal = Refusal::NotFound { what: "status page" };

impl Work<'_> {
    pub(super) async fn create_status_page(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::CreateStatusPage { id, parent_id, title, body, status_page: patch, visibility } = intention else {
            return Ok(());
        };
        // Given, as `validate` has seen.
        let Some(slug) = patch.slug.as_deref() else { return Ok(()) };
        let id = id.unwrap_or_else(Uuid::now_v7);
        let parent = self.end(*parent_id, "parent").await?;
        let rights = self.rights(parent.scope_id).await?;
        rights.need(Level::Reader, "parent")?;
        if !EdgeKind::PartOf.allows(KIND, parent.kind, true) {
            return Err(Refusal::invalid("parent_id", format!("a status page can't be part of a {}", parent.kind)).into());
        }
        rights.need(Level::Member, "parent")?;
        let created_by = self.actor.person_id();
        let (scope_id, attrs) = (parent.scope_id, &Map::new());
        store::node::insert_node(
            &mut *self.db,
            NewNode { id, kind: KIND, scope_id, title, body, attrs, position: 0, created_by },
        )
        .await?;
        self.insert_edge(Uuid::now_v7(), EdgeKind::PartOf, id, parent.id, &Map::new()).await?;
        store::status_page::insert_status_page(&mut *self.db, id, slug, patch).await?;
        if visibility.is_some() {
            store::scope::upsert_scope(&mut *self.db, id, *visibility, None).await?;
        }
        if let Some(person_id) = created_by {
            self.insert_edge(Uuid::now_v7(), EdgeKind::Owner, person_id, id, &Map::new()).await?;
        }
        self.touched.push(Touched::Node(id));
        let summary = json!({ "parent_id": parent_id, "slug": slug, "visibility": visibility, "published": patch.published });
        self.record("create_status_page", node_subject(id, id, KIND, title), summary).await
    }

    pub(super) async fn update_status_page(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::UpdateStatusPage { id, version, title, body, status_page: patch } = intention else { return Ok(()) };
        let node = self.locked(*id, Level::Reader).await?;
        if node.kind != KIND {
            return Err(NO_SUCH.into());
        }
        self.rights(node.scope_id).await?.need(authorise::level_to_change(*id, &node), "status page")?;
        fresh(*version, node.version)?;
        store::node::update_node(&mut *self.db, *id, title.as_deref(), body.as_deref(), None, None).await?;
        store::status_page::update_status_page(&mut *self.db, *id, patch).await?;
        self.touched.push(Touched::Node(*id));
        let title = title.as_deref().unwrap_or(&node.title);
        let mut summary = json!({ "fields": super::changed_fields(intention), "title_before": node.title });
        // Who has shown it to the world, and taken it back, is worth finding again.
        if let (Some(fields), Some(published)) = (summary.as_object_mut(), patch.published) {
            fields.insert("published".into(), json!(published));
        }
        self.record("update_status_page", node_subject(*id, node.scope_id, KIND, title), summary).await
    }

    /// Makes these what it shows. To add one takes the level `member` at both ends; to take one off, at the page.
    /// What the caller can't see is not theirs to take off, and stays.
    pub(super) async fn set_entries(&mut self, id: Uuid, version: i64, entries: &[EntryPatch]) -> Result<(), Stop> {
        let node = self.locked(id, Level::Reader).await?;
        if node.kind != KIND {
            return Err(NO_SUCH.into());
        }
        self.rights(node.scope_id).await?.need(Level::Member, "status page")?;
        fresh(version, node.version)?;
        let reader = self.actor.person_id();
        let is_server = matches!(self.actor, domain::Actor::Server);
        let there = store::status_page::list_entries(&mut *self.db, reader, id).await?;
        let there: Vec<Entry> = there.into_iter().filter(|entry| entry.is_readable || is_server).collect();
        let gone = there.iter().filter(|entry| !entries.iter().any(|wanted| wanted.target_id == entry.target_id));
        let mut removed = Vec::new();
        for entry in gone {
            store::edge::delete_edge(&mut *self.db, entry.edge_id).await?;
            removed.push(entry.target_id);
        }
        let mut added = Vec::new();
        for (position, wanted) in entries.iter().enumerate() {
            let attrs = attrs_of(position, wanted.label.as_deref());
            match there.iter().find(|entry| entry.target_id == wanted.target_id) {
                Some(same) => store::edge::update_edge(&mut *self.db, same.edge_id, &attrs).await?,
                None => {
                    self.show(id, node.scope_id, wanted.target_id, &attrs).await?;
                    added.push(wanted.target_id);
                }
            }
        }
        // Its order and labels are news of the page.
        store::node::update_node(&mut *self.db, id, None, None, None, None).await?;
        self.touched.push(Touched::Node(id));
        // No titles: whoever reads the page's log need not see what it shows.
        let summary = json!({ "entries": entries.len(), "added": added, "removed": removed });
        self.record("set_status_page_entries", node_subject(id, node.scope_id, KIND, &node.title), summary).await
    }

    async fn show(&mut self, id: Uuid, scope_id: Uuid, target_id: Uuid, attrs: &Map<String, Value>) -> Result<(), Stop> {
        let source = authorise::End { id, kind: KIND, scope_id };
        let target = self.end(target_id, "system or group").await?;
        authorise::edge(self.db, self.actor, EdgeKind::Shows, source, target).await?;
        if !EdgeKind::Shows.allows(KIND, target.kind, false) {
            return Err(Refusal::invalid("entries", "systems or groups").into());
        }
        Ok(self.insert_edge(Uuid::now_v7(), EdgeKind::Shows, id, target_id, attrs).await?)
    }
}

fn attrs_of(position: usize, label: Option<&str>) -> Map<String, Value> {
    let mut attrs = Map::new();
    attrs.insert("position".to_owned(), json!(position));
    if let Some(label) = label {
        attrs.insert("label".to_owned(), json!(label.trim()));
    }
    attrs
}
