//! The catalog: groups in their order, saved selections, contacts, and what depends on what.

use super::{Touched, Work, changed_fields, fresh, node_subject};
use crate::authorise::{self, End};
use crate::carry_out::Stop;
use domain::access::Level;
use domain::contact::{NewContact, NewMailbox};
use domain::dependency::{Impact, way};
use domain::intention::Intention;
use domain::limits::{CIRCLE_NAMED_MAX, DEPENDENCIES_SEARCHED_MAX};
use domain::node::{Facet, NodeKind};
use domain::view::ViewFilter;
use domain::{Actor, EdgeKind, Refusal};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use store::node::NewNode;
use uuid::Uuid;

impl Work<'_> {
    pub(super) async fn order_groups(&mut self, parent_id: Uuid, ids: &[Uuid]) -> Result<(), Stop> {
        let parent = self.end(parent_id, "parent").await?;
        let rights = self.rights(parent.scope_id).await?;
        rights.need(Level::Reader, "parent")?;
        rights.need(Level::Member, "parent")?;
        let children = store::group::lock_children(&mut *self.db, parent_id, ids).await?;
        let scopes: HashSet<Uuid> = children.iter().map(|(_, scope_id)| *scope_id).collect();
        if children.len() != ids.len() {
            return Err(Refusal::NotFound { what: "group among them, part of that parent" }.into());
        }
        for scope_id in scopes {
            self.rights(scope_id).await?.need(Level::Reader, "group among them, part of that parent")?;
        }
        store::node::update_positions(&mut *self.db, ids).await?;
        self.touched.push(Touched::Node(parent_id));
        let titles = store::node::list_titles(&mut *self.db, &[parent_id]).await?;
        let title = titles.first().map_or("", |(_, title)| title.as_str());
        let subject = node_subject(parent_id, parent.scope_id, parent.kind, title);
        self.record("order_groups", subject, json!({ "groups": ids.len() })).await
    }

    pub(super) async fn create_view(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::CreateView { id, parent_id, title, body, attrs, view } = intention else { return Ok(()) };
        let id = id.unwrap_or_else(Uuid::now_v7);
        let parent = self.end(*parent_id, "parent").await?;
        self.insert_placed(id, NodeKind::View, parent, (title, body, attrs)).await?;
        self.seen_by_author(view, &ViewFilter::default()).await?;
        store::view::insert_view(&mut *self.db, id, view).await?;
        self.touched.push(Touched::Node(id));
        let summary = json!({ "parent_id": parent_id });
        self.record("create_view", node_subject(id, parent.scope_id, NodeKind::View, title), summary).await
    }

    pub(super) async fn update_view(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::UpdateView { id, version, title, body, attrs, view } = intention else { return Ok(()) };
        let node = self.locked(*id, Level::Reader).await?;
        if node.kind != NodeKind::View {
            return Err(Refusal::NotFound { what: "view" }.into());
        }
        self.rights(node.scope_id).await?.need(Level::Member, "view")?;
        fresh(*version, node.version)?;
        store::node::update_node(&mut *self.db, *id, title.as_deref(), body.as_deref(), attrs.as_ref(), None).await?;
        if let Some(view) = view {
            let before = match store::node::find_node(&mut *self.db, *id).await?.and_then(|node| node.facet) {
                Some(Facet::View(before)) => before,
                _ => ViewFilter::default(),
            };
            self.seen_by_author(view, &before).await?;
            store::view::update_view(&mut *self.db, *id, view).await?;
        }
        self.touched.push(Touched::Node(*id));
        let title = title.as_deref().unwrap_or(&node.title);
        let summary = json!({ "fields": changed_fields(intention), "title_before": node.title });
        self.record("update_view", node_subject(*id, node.scope_id, node.kind, title), summary).await
    }

    /// What a selection newly names is there for whoever writes it.
    async fn seen_by_author(&mut self, view: &ViewFilter, before: &ViewFilter) -> Result<(), Stop> {
        let environments = view.environment_ids.iter().filter(|id| !before.environment_ids.contains(id));
        let groups = view.group_ids.iter().filter(|id| !before.group_ids.contains(id));
        let systems = view.system_ids.iter().filter(|id| !before.system_ids.contains(id));
        let places = environments.map(|id| (*id, NodeKind::Environment)).chain(groups.map(|id| (*id, NodeKind::Group)));
        for (id, kind) in places.chain(systems.map(|id| (*id, NodeKind::System))) {
            let end = self.end(id, kind.as_str()).await?;
            self.rights(end.scope_id).await?.need(Level::Reader, kind.as_str())?;
            if end.kind != kind {
                return Err(Refusal::NotFound { what: kind.as_str() }.into());
            }
        }
        Ok(())
    }

    pub(super) async fn add_contact(&mut self, target_id: Uuid, contact: &NewContact) -> Result<(), Stop> {
        let target = self.end(target_id, "system or group").await?;
        let rights = self.rights(target.scope_id).await?;
        rights.need(Level::Reader, "system or group")?;
        if !matches!(target.kind, NodeKind::System | NodeKind::Group) {
            return Err(Refusal::NotFound { what: "system or group" }.into());
        }
        rights.need(Level::Member, "system or group")?;
        let source = match &contact.mailbox {
            Some(mailbox) => self.insert_mailbox(target, mailbox).await?,
            None => self.known_contact(contact).await?,
        };
        authorise::edge(self.db, self.actor, EdgeKind::ContactOf, source, target).await?;
        let id = Uuid::now_v7();
        self.insert_edge(id, EdgeKind::ContactOf, source.id, target_id, &contact.attrs()).await?;
        self.touched.push(Touched::Edge(id));
        self.record_edge("add_contact", id, EdgeKind::ContactOf, source, target).await
    }

    async fn known_contact(&mut self, contact: &NewContact) -> Result<End, Stop> {
        let asked = [
            (contact.person_id, NodeKind::Person, "person"),
            (contact.team_id, NodeKind::Team, "team"),
            (contact.contact_id, NodeKind::Contact, "contact"),
        ];
        // One is given, as `validate` has seen.
        let given = asked.into_iter().find_map(|(id, kind, what)| Some((id?, kind, what)));
        let (id, kind, what) = given.ok_or_else(|| Refusal::invalid("contact.person_id", "somebody"))?;
        let end = self.end(id, what).await?;
        self.rights(end.scope_id).await?.need(Level::Reader, what)?;
        if end.kind == kind { Ok(end) } else { Err(Refusal::NotFound { what }.into()) }
    }

    /// A mailbox stands where what it is asked about stands: in that scope, or around a system that is one.
    async fn insert_mailbox(&mut self, target: End, mailbox: &NewMailbox) -> Result<End, Stop> {
        let mut place = self.end(target.scope_id, "parent").await?;
        if place.kind == NodeKind::System {
            let around = store::node::find_node(&mut *self.db, place.id).await?.and_then(|node| node.parent_id);
            place = self.end(around.ok_or(Refusal::NotFound { what: "parent" })?, "parent").await?;
        }
        let id = Uuid::now_v7();
        self.insert_placed(id, NodeKind::Contact, place, (&mailbox.title, "", &Map::new())).await?;
        store::contact::insert_mailbox(&mut *self.db, id, &mailbox.email).await?;
        Ok(End { id, kind: NodeKind::Contact, scope_id: place.scope_id })
    }

    pub(super) async fn update_mailbox(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::UpdateMailbox { id, version, title, email } = intention else { return Ok(()) };
        let node = self.locked(*id, Level::Reader).await?;
        if node.kind != NodeKind::Contact {
            return Err(Refusal::NotFound { what: "contact" }.into());
        }
        self.rights(node.scope_id).await?.need(Level::Member, "contact")?;
        fresh(*version, node.version)?;
        store::node::update_node(&mut *self.db, *id, title.as_deref(), None, None, None).await?;
        if let Some(email) = email {
            store::contact::update_mailbox(&mut *self.db, *id, email).await?;
        }
        self.touched.push(Touched::Node(*id));
        let title = title.as_deref().unwrap_or(&node.title);
        let summary = json!({ "fields": changed_fields(intention), "title_before": node.title });
        self.record("update_mailbox", node_subject(*id, node.scope_id, node.kind, title), summary).await
    }

    /// A node of a kind with a form of its own, as part of `parent`, for somebody who may put it there.
    pub(super) async fn insert_placed(
        &mut self,
        id: Uuid,
        kind: NodeKind,
        parent: End,
        (title, body, attrs): (&str, &str, &Map<String, Value>),
    ) -> Result<(), Stop> {
        let rights = self.rights(parent.scope_id).await?;
        rights.need(Level::Reader, "parent")?;
        if !EdgeKind::PartOf.allows(kind, parent.kind, true) {
            return Err(Refusal::invalid("parent_id", format!("a {kind} can't be part of a {}", parent.kind)).into());
        }
        rights.need(Level::Member, "parent")?;
        let created_by = self.actor.person_id();
        let new = NewNode { id, kind, scope_id: parent.scope_id, title, body, attrs, position: 0, created_by };
        store::node::insert_node(&mut *self.db, new).await?;
        Ok(self.insert_edge(Uuid::now_v7(), EdgeKind::PartOf, id, parent.id, &Map::new()).await?)
    }

    /// Of an edge `depends_on` the impact is one of three.
    pub(super) fn guard_dependency(&self, kind: EdgeKind, attrs: &Map<String, Value>) -> Result<(), Stop> {
        if kind == EdgeKind::DependsOn {
            Impact::of_attrs(attrs)?;
        }
        Ok(())
    }

    /// What would depend on itself is refused with the way that the circle would run. (The database refuses it
    /// too, but can't tell whom the names are for.)
    pub(super) async fn guard_circle(&mut self, kind: EdgeKind, source_id: Uuid, target_id: Uuid) -> Result<(), Stop> {
        if kind != EdgeKind::DependsOn {
            return Ok(());
        }
        let edges = store::dependency::list_dependencies_from(&mut *self.db, target_id, DEPENDENCIES_SEARCHED_MAX).await?;
        let Some(back) = way(&edges, target_id, source_id) else { return Ok(()) };
        let circle: Vec<Uuid> = std::iter::once(source_id).chain(back).collect();
        let reader = self.actor.person_id();
        let titles: HashMap<Uuid, String> = match self.actor {
            Actor::Server => store::node::list_titles(&mut *self.db, &circle).await?.into_iter().collect(),
            _ => {
                let nodes = store::node::list_readable_nodes_by_id(&mut *self.db, reader, &circle).await?;
                nodes.into_iter().map(|node| (node.id, node.title)).collect()
            }
        };
        let name = |id: &Uuid| titles.get(id).map_or("something you may not see", String::as_str);
        let mut named: Vec<&str> = circle.iter().take(CIRCLE_NAMED_MAX).map(name).collect();
        if circle.len() > CIRCLE_NAMED_MAX {
            named.extend(["…", name(&source_id)]);
        }
        Err(Refusal::conflict(format!("it would run in a circle: {}", named.join(" → "))).into())
    }
}
