//! Connections: made and changed by administrators of where they are. Each is a scope of its own: a public
//! workspace does not show how it sends.

use super::{Touched, Work, fresh, node_subject};
use crate::carry_out::Stop;
use domain::access::{Level, Visibility};
use domain::connection::{Channel, Connection, ConnectionPatch, ConnectionSecrets, Security};
use domain::intention::Intention;
use domain::node::NodeKind;
use domain::notification::Template;
use domain::{EdgeKind, Refusal};
use keyring::{Keyring, Sealed};
use serde_json::{Map, json};
use store::connection::SealedRow;
use store::node::{LockedNode, NewNode};
use uuid::Uuid;

const NO_SUCH: Refusal = Refusal::NotFound { what: "connection" };

impl Work<'_> {
    pub(super) async fn create_connection(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::CreateConnection { id, parent_id, title, body, channel, connection: patch } = intention else {
            return Ok(());
        };
        let (id, channel) = (id.unwrap_or_else(Uuid::now_v7), *channel);
        let parent_scope = self.own_scope_parent(NodeKind::Connection, *parent_id).await?;
        let keys = self.keys()?;
        let secrets = ConnectionSecrets::default().changed(patch);
        let connection = changed(plain(channel), patch, &secrets)?;
        let (attrs, created_by) = (Map::new(), self.actor.person_id());
        let new = NewNode {
            id,
            kind: NodeKind::Connection,
            scope_id: parent_scope,
            title,
            body,
            attrs: &attrs,
            position: 0,
            created_by,
        };
        store::node::insert_node(&mut *self.db, new).await?;
        self.insert_edge(Uuid::now_v7(), EdgeKind::PartOf, id, *parent_id, &attrs).await?;
        store::connection::upsert_connection(&mut *self.db, id, &connection).await?;
        store::connection::upsert_connection_secrets(&mut *self.db, id, &seal(&keys, id, &secrets)?).await?;
        store::scope::upsert_scope(&mut *self.db, id, Some(Visibility::Members), Some(false)).await?;
        self.touched.push(Touched::Node(id));
        let summary = json!({ "channel": channel, "host": connection.host, "secrets": secrets.fields() });
        self.record("create_connection", node_subject(id, id, NodeKind::Connection, title), summary).await
    }

    pub(super) async fn update_connection(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::UpdateConnection { id, version, title, body, connection: patch } = intention else { return Ok(()) };
        let (node, before) = self.locked_connection(*id).await?;
        fresh(*version, node.version)?;
        patch.fits(before.channel).map_err(|refusal| refusal.within("connection"))?;
        let keys = self.keys()?;
        let mut secrets = self.secrets_of(&keys, *id).await?;
        // Nobody points a password that others gave at a host of their own.
        if patch.moves(&before) {
            secrets = secrets.elsewhere();
        }
        let secrets = secrets.changed(patch);
        let after = changed(before.clone(), patch, &secrets)?;
        store::node::update_node(&mut *self.db, *id, title.as_deref(), body.as_deref(), None, None).await?;
        store::connection::upsert_connection(&mut *self.db, *id, &after).await?;
        store::connection::upsert_connection_secrets(&mut *self.db, *id, &seal(&keys, *id, &secrets)?).await?;
        self.touched.push(Touched::Node(*id));
        let title = title.as_deref().unwrap_or(&node.title);
        let summary = json!({
            "fields": super::changed_fields(intention), "title_before": node.title, "host": after.host, "secrets": secrets.fields(),
        });
        self.record("update_connection", node_subject(*id, node.scope_id, node.kind, title), summary).await
    }

    pub(super) async fn set_templates(&mut self, id: Uuid, version: i64, templates: &[Template]) -> Result<(), Stop> {
        let (node, _) = self.locked_connection(id).await?;
        fresh(version, node.version)?;
        store::connection::replace_connection_templates(&mut *self.db, id, templates).await?;
        // What it says is a change of the connection.
        store::node::update_node(&mut *self.db, id, None, None, None, None).await?;
        self.touched.push(Touched::Node(id));
        let summary = json!({ "kinds": templates.iter().map(|template| template.kind).collect::<Vec<_>>() });
        self.record("set_connection_templates", node_subject(id, node.scope_id, node.kind, &node.title), summary).await
    }

    /// The scope in which something with a scope of its own is made; refused to whoever does not administer it.
    pub(super) async fn own_scope_parent(&mut self, kind: NodeKind, parent_id: Uuid) -> Result<Uuid, Stop> {
        let no_parent = Refusal::NotFound { what: "parent" };
        let (parent_kind, parent_scope) = store::node::lock_parent(&mut *self.db, parent_id).await?.ok_or(no_parent)?;
        let rights = self.rights(parent_scope).await?;
        rights.need(Level::Reader, "parent")?;
        if !EdgeKind::PartOf.allows(kind, parent_kind, true) {
            return Err(Refusal::invalid("parent_id", format!("a {kind} can't be part of a {parent_kind}")).into());
        }
        rights.need(Level::Admin, "parent")?;
        Ok(parent_scope)
    }

    async fn locked_connection(&mut self, id: Uuid) -> Result<(LockedNode, Connection), Stop> {
        let node = store::node::lock_node(&mut *self.db, id).await?.ok_or(NO_SUCH)?;
        let rights = self.rights(node.scope_id).await?;
        rights.need(Level::Reader, "connection")?;
        let facet = store::connection::lock_connection(&mut *self.db, id).await?.ok_or(NO_SUCH)?;
        rights.need(Level::Admin, "connection")?;
        Ok((node, facet))
    }

    fn keys(&self) -> Result<Keyring, Refusal> {
        let detail = "this server has no key to keep secrets with: set secrets.key in its configuration";
        self.keyring.cloned().ok_or(Refusal::Unavailable { detail, source: None })
    }

    async fn secrets_of(&mut self, keys: &Keyring, id: Uuid) -> Result<ConnectionSecrets, Stop> {
        let Some(row) = store::connection::find_connection_secrets(&mut *self.db, id).await? else {
            return Ok(ConnectionSecrets::default());
        };
        Ok(crate::secrets::open(keys, id, &row).map_err(|error| Refusal::Unavailable {
            detail: "its secrets do not open with this server's keys; see secrets.old_keys",
            source: Some(Box::new(error)),
        })?)
    }
}

fn seal(keys: &Keyring, id: Uuid, secrets: &ConnectionSecrets) -> Result<SealedRow, Refusal> {
    let internal = |error: keyring::Error| Refusal::Internal { source: Box::new(error) };
    let bytes = serde_json::to_vec(secrets).unwrap_or_default();
    let Sealed { key_id, nonce, ciphertext } = keys.seal(id.as_bytes(), &bytes).map_err(internal)?;
    Ok(SealedRow { key_id, nonce, ciphertext })
}

fn plain(channel: Channel) -> Connection {
    let is_mail = channel == Channel::Smtp;
    Connection {
        channel,
        enabled: true,
        host: String::new(),
        port: is_mail.then_some(587),
        security: is_mail.then_some(Security::Starttls),
        username: None,
        sender: None,
        server: None,
        secrets: Vec::new(),
        tested_at: None,
        test_error: None,
    }
}

/// As it is after a change.
fn changed(before: Connection, patch: &ConnectionPatch, secrets: &ConnectionSecrets) -> Result<Connection, Refusal> {
    let security = patch.security.or(before.security);
    // Another security has another port, unless one is given.
    let usual = patch.security.filter(|security| Some(*security) != before.security).map(|security| match security {
        Security::Tls => 465,
        Security::Starttls => 587,
        Security::None => 25,
    });
    let after = Connection {
        enabled: patch.enabled.unwrap_or(before.enabled),
        host: patch.host_shown().unwrap_or(before.host),
        port: patch.port.or(usual).or(before.port),
        security,
        username: patch.username.clone().or(before.username).filter(|name| !name.is_empty()),
        sender: patch.sender.clone().or(before.sender),
        server: patch.server.clone().or(before.server),
        secrets: secrets.fields(),
        ..before
    };
    if after.security == Some(Security::None) && secrets.password.is_some() {
        return Err(Refusal::invalid("connection.password", "none: without TLS everybody on the way would read it"));
    }
    if matches!(after.channel, Channel::Webhook | Channel::Slack) && secrets.url.is_none() {
        return Err(Refusal::invalid("connection.url", "an address"));
    }
    if after.channel == Channel::Ntfy && secrets.topic.is_none() {
        return Err(Refusal::invalid("connection.topic", "the topic, again: it belongs to the server it was given for"));
    }
    Ok(after)
}
