//! Accounts made by the server itself: the first administrator, and those of the command line.

use domain::audit::AuditSubject;
use domain::intention::Intention;
use domain::limits::SIGN_IN_LINK_LASTS;
use domain::node::{INSTANCE_ID, NodeKind};
use domain::person::PersonPatch;
use domain::{Actor, EdgeKind, Refusal};
use gateway::Secret;
use intentions::{Context, Intentions};
use serde_json::{Map, Value};
use sqlx::PgConnection;
use store::Pool;
use store::audit::NewEntry;
use uuid::Uuid;

pub(crate) const FIRST_LOGIN: &str = "admin";

/// Who is to be made.
pub(crate) struct NewPerson<'a> {
    pub(crate) login: &'a str,
    pub(crate) title: &'a str,
    pub(crate) email: Option<&'a str>,
    /// The grant in the instance itself, if any.
    pub(crate) grant: Option<EdgeKind>,
}

/// Makes a person as the server; answers the id.
pub(crate) async fn create(intentions: &Intentions, new: NewPerson<'_>) -> Result<Uuid, Refusal> {
    let id = Uuid::now_v7();
    let person =
        PersonPatch { login: Some(new.login.to_owned()), email: new.email.map(|email| Some(email.to_owned())), disabled: None };
    let mut all = vec![Intention::CreateNode {
        id: Some(id),
        kind: NodeKind::Person,
        parent_id: INSTANCE_ID,
        title: new.title.to_owned(),
        body: String::new(),
        attrs: Map::new(),
        position: None,
        system: None,
        person: Some(person),
        scope: None,
    }];
    all.extend(new.grant.map(|kind| Intention::CreateEdge {
        id: None,
        kind,
        source_id: id,
        target_id: INSTANCE_ID,
        attrs: Map::new(),
    }));
    carry_out(intentions, all).await?;
    Ok(id)
}

/// As the server itself, which may do anything.
pub(crate) async fn carry_out(intentions: &Intentions, all: Vec<Intention>) -> Result<(), Refusal> {
    intentions.carry_out(&Actor::Server, all, &Context::default(), |_| (200, Value::Null)).await?;
    Ok(())
}

/// Makes a one-time sign-in link for a person; answers its path, to be put behind the server's address.
pub(crate) async fn sign_in_link(pool: &Pool, person_id: Uuid) -> Result<String, store::Error> {
    let secret = Secret::new("");
    store::sign_in_link::insert_link(pool, &secret.hash, person_id, SIGN_IN_LINK_LASTS).await?;
    // Behind "#": a fragment is not sent, so it reaches no log on the way.
    Ok(format!("/sign-in/link#{}", secret.text))
}

/// Writes into the audit log what the server's own command line did to an account, in the transaction
/// of what happened. As with people's own sign-ins, it is for those who read the database.
pub(crate) async fn record(db: &mut PgConnection, action: &str, person_id: Uuid, summary: Value) -> Result<(), store::Error> {
    let subject = AuditSubject {
        node_id: Some(person_id),
        edge_id: None,
        scope_id: Uuid::nil(),
        other_scope_id: Uuid::nil(),
        kind: Some(NodeKind::Person),
        title: None,
    };
    let entry = NewEntry {
        id: Uuid::now_v7(),
        actor_id: None,
        actor_title: None,
        action,
        subject: &subject,
        summary: &summary,
        request_id: None,
    };
    store::audit::insert_entry(db, entry).await
}

/// The first start of all: when there is nobody yet, makes an administrator and answers the path of
/// a sign-in link. Of two servers that start at once one gets to do it.
pub(crate) async fn first_administrator(pool: &Pool, intentions: &Intentions) -> anyhow::Result<Option<String>> {
    if store::person::is_anybody(pool).await? {
        return Ok(None);
    }
    let first = NewPerson { login: FIRST_LOGIN, title: "Administrator", email: None, grant: Some(EdgeKind::Owner) };
    match create(intentions, first).await {
        Ok(id) => Ok(Some(sign_in_link(pool, id).await?)),
        Err(Refusal::Conflict { .. }) => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}
