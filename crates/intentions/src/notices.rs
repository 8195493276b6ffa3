//! What people do about what they are told. It is theirs and nothing of the graph: what is read and put away
//! is not in the audit log; what decides who is told is.

use crate::authorise::{self, Rights};
use crate::carry_out::{Stop, commit, give_back, take_key};
use crate::{Context, Intentions};
use domain::access::Level;
use domain::audit::AuditSubject;
use domain::connection::Channel;
use domain::job::{JobKind, NewJob};
use domain::limits::{SUBSCRIPTIONS_PER_SUBSCRIBER_MAX, TRANSACTION_ATTEMPTS_MAX};
use domain::node::NodeKind;
use domain::notification::{DeliverPayload, MarkPatch, NewSubscription, NoticeAct, NoticeKind, PreferencesPatch};
use domain::{Actor, Refusal};
use serde_json::{Value, json};
use sqlx::PgConnection;
use store::channel::Mark;
use store::subscription::{NewSubscriptionRow, Subscription};
use uuid::Uuid;

/// What became of an act.
#[derive(Clone, Debug, PartialEq)]
pub enum NoticeOutcome {
    Subscribed(Box<Subscription>),
    /// So many changed.
    Changed(u64),
    Gone(Uuid),
    /// It is tried again by this job.
    Requeued(Uuid),
    Preferences(PreferencesPatch),
    Marked(Mark),
}

/// What became of a request.
#[derive(Debug)]
pub enum NoticesDone {
    /// It was carried out now; the rendered answer.
    Now { outcome: NoticeOutcome, status: u16, response: Value },
    /// It was carried out before, under the same key; the answer it got then.
    Before { status: u16, response: Value },
}

impl Intentions {
    /// Carries an act out for a person, in one transaction. `render` makes the answer, which is stored when
    /// there is an idempotency key.
    pub async fn act_on_notices(
        &self,
        actor: &Actor,
        act: &NoticeAct,
        context: &Context,
        render: impl Fn(&NoticeOutcome) -> (u16, Value) + Send,
    ) -> Result<NoticesDone, Refusal> {
        authorise::writer(actor)?;
        act.validate()?;
        let person_id = actor.person_id().ok_or(Refusal::Unauthenticated { detail: "sign in first" })?;
        if let Some((status, response)) = take_key(self, context).await? {
            return Ok(NoticesDone::Before { status, response });
        }
        let mut attempt = 1;
        let done = loop {
            match self.try_notice(actor, person_id, act, context, &render).await {
                Err(Stop::Database(error)) if store::may_retry(&error) && attempt < TRANSACTION_ATTEMPTS_MAX => attempt += 1,
                Err(Stop::Database(error)) => break Err(store::refusal(error)),
                Err(Stop::Refused(refusal)) => break Err(refusal),
                Ok(done) => break Ok(done),
            }
        };
        match &done {
            Ok(NoticesDone::Now { outcome: NoticeOutcome::Requeued(_), .. }) => self.ring_jobs().await,
            Ok(_) => (self.bell)(),
            Err(_) => give_back(self, context.idempotency.as_ref()).await,
        }
        done
    }

    async fn try_notice(
        &self,
        actor: &Actor,
        person_id: Uuid,
        act: &NoticeAct,
        context: &Context,
        render: &(impl Fn(&NoticeOutcome) -> (u16, Value) + Send),
    ) -> Result<NoticesDone, Stop> {
        let mut tx = store::begin(&self.pool).await?;
        let outcome = Desk { db: &mut tx, actor, person_id, request_id: context.request_id.as_deref() }.act(act).await?;
        let (status, response) = render(&outcome);
        commit(tx, context, status, &response).await?;
        Ok(NoticesDone::Now { outcome, status, response })
    }
}

/// The work of one transaction.
struct Desk<'a> {
    db: &'a mut PgConnection,
    actor: &'a Actor,
    person_id: Uuid,
    request_id: Option<&'a str>,
}

impl Desk<'_> {
    async fn act(&mut self, act: &NoticeAct) -> Result<NoticeOutcome, Stop> {
        match act {
            NoticeAct::Subscribe(new) => self.subscribe(new).await,
            NoticeAct::ChangeSubscription { id, kinds } => self.change_subscription(*id, kinds).await,
            NoticeAct::Unsubscribe { id } => self.unsubscribe(*id).await,
            NoticeAct::SetPreferences(patch) => self.set_preferences(patch).await,
            NoticeAct::MarkRead(read) => {
                let read = store::notification::mark_read(&mut *self.db, self.person_id, read).await?;
                Ok(NoticeOutcome::Changed(read))
            }
            NoticeAct::DeleteNotification { id } => {
                let there = store::notification::delete_notification(&mut *self.db, self.person_id, *id).await?;
                if there { Ok(NoticeOutcome::Gone(*id)) } else { Err(Refusal::NotFound { what: "notification" }.into()) }
            }
            NoticeAct::DismissAnnouncement { id } => self.dismiss(*id).await,
            NoticeAct::MarkChannel { channel_id, mark } => self.mark_channel(*channel_id, *mark).await,
            NoticeAct::RetryDelivery { id } => self.retry(*id).await,
            NoticeAct::DeleteFollower { page_id, id } => self.delete_follower(*page_id, *id).await,
        }
    }

    async fn subscribe(&mut self, new: &NewSubscription) -> Result<NoticeOutcome, Stop> {
        let subscriber_id = new.subscriber_id.unwrap_or(self.person_id);
        let subscriber = self.subscriber(subscriber_id).await?;
        if let Some(target_id) = new.target_id {
            let what = "target";
            let (kind, scope_id) = store::node::lock_parent(&mut *self.db, target_id).await?.ok_or(Refusal::NotFound { what })?;
            self.rights(scope_id).await?.need(Level::Reader, what)?;
            if !matches!(kind, NodeKind::System | NodeKind::Group | NodeKind::Workspace) {
                return Err(Refusal::invalid("target_id", "a system, group or workspace").into());
            }
        }
        if let Some(connection_id) = new.connection_id {
            self.uses(connection_id).await?;
        }
        let kinds = each_once(&new.kinds);
        let id = Uuid::now_v7();
        let row = NewSubscriptionRow {
            id,
            subscriber_id,
            subscriber_kind: subscriber.kind.as_str(),
            target_id: new.target_id,
            kinds: &kinds,
            connection_id: new.connection_id,
            created_by: Some(self.person_id),
        };
        if !store::subscription::insert_subscription(&mut *self.db, row, SUBSCRIPTIONS_PER_SUBSCRIBER_MAX).await? {
            let detail = format!("{SUBSCRIPTIONS_PER_SUBSCRIBER_MAX} subscriptions are enough: end one first");
            return Err(Refusal::Limit { detail, retry_after_s: None }.into());
        }
        let summary = json!({ "subscription": id, "kinds": kinds });
        self.record("subscribe", subscriber_id, subscriber, summary).await?;
        let made = store::subscription::find_subscription(&mut *self.db, Some(self.person_id), id).await?;
        Ok(NoticeOutcome::Subscribed(Box::new(made.ok_or(Refusal::NotFound { what: "subscription" })?)))
    }

    /// Of other kinds from now on. Takes what subscribing took, by its connection too.
    async fn change_subscription(&mut self, id: Uuid, kinds: &[NoticeKind]) -> Result<NoticeOutcome, Stop> {
        const NO_SUCH: Refusal = Refusal::NotFound { what: "subscription" };
        let found = store::subscription::find_subscription(&mut *self.db, Some(self.person_id), id).await?.ok_or(NO_SUCH)?;
        let subscriber = match self.subscriber(found.subscriber_id).await {
            Err(Stop::Refused(_)) => return Err(NO_SUCH.into()),
            other => other?,
        };
        if let Some(connection_id) = found.connection_id {
            self.uses(connection_id).await?;
        }
        let kinds = each_once(kinds);
        if !store::subscription::update_subscription(&mut *self.db, id, &kinds).await? {
            return Err(NO_SUCH.into());
        }
        let summary = json!({ "subscription": id, "kinds": kinds });
        self.record("change_subscription", found.subscriber_id, subscriber, summary).await?;
        let changed = store::subscription::find_subscription(&mut *self.db, Some(self.person_id), id).await?.ok_or(NO_SUCH)?;
        Ok(NoticeOutcome::Subscribed(Box::new(changed)))
    }

    /// Whoever has something sent by a connection is a member where it is.
    async fn uses(&mut self, connection_id: Uuid) -> Result<(), Stop> {
        let what = "connection";
        let (kind, scope_id) = store::node::lock_parent(&mut *self.db, connection_id).await?.ok_or(Refusal::NotFound { what })?;
        let rights = self.rights(scope_id).await?;
        rights.need(Level::Reader, what)?;
        let found = store::connection::find_connection(&mut *self.db, connection_id).await?;
        let found = found.filter(|_| kind == NodeKind::Connection).ok_or(Refusal::NotFound { what })?;
        rights.need(Level::Member, what)?;
        if found.channel == Channel::Smtp {
            return Err(Refusal::invalid("connection_id", "another: mail goes to people by itself").into());
        }
        Ok(())
    }

    async fn unsubscribe(&mut self, id: Uuid) -> Result<NoticeOutcome, Stop> {
        const NO_SUCH: Refusal = Refusal::NotFound { what: "subscription" };
        let found = store::subscription::find_subscription(&mut *self.db, Some(self.person_id), id).await?.ok_or(NO_SUCH)?;
        let subscriber = match self.subscriber(found.subscriber_id).await {
            Ok(subscriber) => subscriber,
            // Whoever administers a connection says who uses it.
            Err(Stop::Refused(_)) => {
                self.administers(found.connection_id.ok_or(NO_SUCH)?).await.map_err(|_| NO_SUCH)?;
                store::node::lock_node(&mut *self.db, found.subscriber_id).await?.ok_or(NO_SUCH)?
            }
            Err(other) => return Err(other),
        };
        if !store::subscription::delete_subscription(&mut *self.db, id).await? {
            return Err(NO_SUCH.into());
        }
        // Not to what: that may be for fewer than those who read the log.
        self.record("unsubscribe", found.subscriber_id, subscriber, json!({ "subscription": id })).await?;
        Ok(NoticeOutcome::Gone(id))
    }

    /// Oneself, or a team that one administers: locked, so that its subscriptions are counted one by one.
    async fn subscriber(&mut self, id: Uuid) -> Result<store::node::LockedNode, Stop> {
        const NO_SUCH: Refusal = Refusal::NotFound { what: "subscriber" };
        let node = store::node::lock_node(&mut *self.db, id).await?.ok_or(NO_SUCH)?;
        let rights = self.rights(node.scope_id).await?;
        match node.kind {
            NodeKind::Person if id == self.person_id => Ok(node),
            NodeKind::Team => {
                rights.need(Level::Admin, "subscriber")?;
                Ok(node)
            }
            _ => {
                rights.need(Level::Reader, "subscriber")?;
                Err(Refusal::forbidden("people subscribe for themselves; a team's administrators for the team").into())
            }
        }
    }

    async fn set_preferences(&mut self, patch: &PreferencesPatch) -> Result<NoticeOutcome, Stop> {
        let preferences = patch.preferences()?;
        store::notification::upsert_preferences(&mut *self.db, self.person_id, &preferences).await?;
        Ok(NoticeOutcome::Preferences(PreferencesPatch::from(&preferences)))
    }

    async fn dismiss(&mut self, id: Uuid) -> Result<NoticeOutcome, Stop> {
        const NO_SUCH: Refusal = Refusal::NotFound { what: "announcement" };
        let (kind, scope_id) = store::node::lock_parent(&mut *self.db, id).await?.ok_or(NO_SUCH)?;
        self.rights(scope_id).await?.need(Level::Reader, "announcement")?;
        if kind != NodeKind::Announcement {
            return Err(NO_SUCH.into());
        }
        let is_new = store::announcement::insert_dismissal(&mut *self.db, id, self.person_id).await?;
        Ok(NoticeOutcome::Changed(is_new.into()))
    }

    async fn mark_channel(&mut self, id: Uuid, mark: MarkPatch) -> Result<NoticeOutcome, Stop> {
        const NO_SUCH: Refusal = Refusal::NotFound { what: "channel" };
        let (_, scope_id) = store::node::lock_parent(&mut *self.db, id).await?.ok_or(NO_SUCH)?;
        self.rights(scope_id).await?.need(Level::Reader, "channel")?;
        let marked = store::channel::upsert_mark(&mut *self.db, self.person_id, id, mark).await?;
        Ok(NoticeOutcome::Marked(marked.ok_or(NO_SUCH)?))
    }

    /// Whoever manages a page says who it writes to.
    async fn delete_follower(&mut self, page_id: Uuid, id: Uuid) -> Result<NoticeOutcome, Stop> {
        const NO_SUCH: Refusal = Refusal::NotFound { what: "status page" };
        let node = store::node::lock_node(&mut *self.db, page_id).await?.ok_or(NO_SUCH)?;
        let rights = self.rights(node.scope_id).await?;
        rights.need(Level::Reader, "status page")?;
        if node.kind != NodeKind::StatusPage {
            return Err(NO_SUCH.into());
        }
        rights.need(Level::Admin, "status page")?;
        if !store::status_page::delete_subscriber_of(&mut *self.db, page_id, id).await? {
            return Err(Refusal::NotFound { what: "follower" }.into());
        }
        // Not whose: the address is to be forgotten.
        self.record("delete_follower", page_id, node, json!({ "follower": id })).await?;
        Ok(NoticeOutcome::Gone(id))
    }

    /// One that nobody tries any more, by a new job; its dead letter is decided about by that.
    async fn retry(&mut self, id: Uuid) -> Result<NoticeOutcome, Stop> {
        const NO_SUCH: Refusal = Refusal::NotFound { what: "delivery" };
        let found = store::delivery::find_delivery(&mut *self.db, self.person_id, id).await?.ok_or(NO_SUCH)?;
        if !found.administered {
            return Err(Refusal::forbidden("this needs an administrator of its connection").into());
        }
        let job = NewJob {
            unique_key: Some(id.to_string()),
            created_by: Some(self.person_id),
            ..NewJob::new(JobKind::Deliver, json!(DeliverPayload { delivery_id: id }))
        };
        let Some(before) = store::delivery::requeue_delivery(&mut *self.db, id, job.id).await? else {
            return Err(
                Refusal::conflict(format!("it is {}: only what nobody tries any more is tried again", found.state)).into()
            );
        };
        store::job::insert_jobs(&mut *self.db, std::slice::from_ref(&job)).await?;
        let letters = store::dead_letter::lock_dead_letters(&mut *self.db, &[before]).await?;
        let open: Vec<Uuid> = letters.iter().filter(|letter| letter.resolution.is_none()).map(|letter| letter.id).collect();
        let jobs: Vec<Uuid> = open.iter().map(|_| job.id).collect();
        store::dead_letter::mark_replayed(&mut *self.db, &open, &jobs, Some(self.person_id)).await?;
        if let Some(connection_id) = found.connection_id
            && let Some(node) = store::node::lock_node(&mut *self.db, connection_id).await?
        {
            self.record("retry_delivery", connection_id, node, json!({ "delivery": id, "job": job.id })).await?;
        }
        Ok(NoticeOutcome::Requeued(job.id))
    }

    async fn administers(&mut self, connection_id: Uuid) -> Result<(), Stop> {
        let gone = Refusal::NotFound { what: "connection" };
        let (_, scope_id) = store::node::lock_parent(&mut *self.db, connection_id).await?.ok_or(gone)?;
        Ok(self.rights(scope_id).await?.need(Level::Admin, "connection")?)
    }

    async fn rights(&mut self, scope_id: Uuid) -> Result<Rights, Stop> {
        Ok(Rights::of(self.db, self.actor, scope_id).await?)
    }

    async fn record(
        &mut self,
        action: &str,
        node_id: Uuid,
        node: store::node::LockedNode,
        mut summary: Value,
    ) -> Result<(), Stop> {
        if let Some(fields) = summary.as_object_mut() {
            fields.insert("kind".into(), json!(node.kind));
            fields.insert("title".into(), json!(node.title));
        }
        let subject = AuditSubject {
            node_id: Some(node_id),
            edge_id: None,
            scope_id: node.scope_id,
            other_scope_id: node.scope_id,
            kind: Some(node.kind),
            title: Some(node.title),
        };
        let actor_title = if let Actor::Person { title, .. } = self.actor { Some(title.as_str()) } else { None };
        let entry = store::audit::NewEntry {
            id: Uuid::now_v7(),
            actor_id: self.actor.person_id(),
            actor_title,
            action,
            subject: &subject,
            summary: &summary,
            request_id: self.request_id,
        };
        Ok(store::audit::insert_entry(&mut *self.db, entry).await?)
    }
}

fn each_once(kinds: &[NoticeKind]) -> Vec<NoticeKind> {
    let mut kinds = kinds.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}
