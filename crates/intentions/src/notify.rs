//! Tells people what has happened, in the transaction in which it does: a row in the notification centre for
//! each person, and a delivery with its job for each recipient and channel. At a crash before the commit
//! nothing was said; after it all of it goes out.

use chrono::{DateTime, Utc};
use domain::connection::Channel;
use domain::incident::{IncidentState, Severity};
use domain::job::{JobKind, NewJob};
use domain::limits::{NOTICE_ABOUT_MAX, NOTICE_MESSAGE_MAX_CHARS, NOTICE_SYSTEMS_MAX, RECIPIENTS_PER_BATCH};
use domain::maintenance::MaintenanceState;
use domain::node::Facet;
use domain::notification::{DeliverPayload, Letter, Notice, NoticeKind, words};
use domain::timeline::Audience;
use serde_json::json;
use sqlx::PgConnection;
use store::delivery::{NewDeliveries, NewDelivery};
use store::notification::{ConnectionToTell, PersonToTell};
use uuid::Uuid;

/// As a limit of a statement: `RECIPIENTS_PER_BATCH`.
pub(crate) const BATCH: i64 = RECIPIENTS_PER_BATCH as i64;

/// Tells all who have subscribed and may read it.
pub(crate) async fn notify(db: &mut PgConnection, notice: &Notice) -> Result<(), sqlx::Error> {
    let now = store::database::now(&mut *db).await?;
    let mail = store::notification::find_mail_connection(&mut *db, notice.node_id).await?;
    let mut after = None;
    loop {
        let people = store::notification::list_people_to_tell(&mut *db, notice, after, NOTICE_SYSTEMS_MAX, BATCH).await?;
        tell_people(&mut *db, notice, &people, now).await?;
        if let Some((connection_id, sender)) = &mail {
            let mails: Vec<NewDelivery> =
                people.iter().filter_map(|person| mail_to(notice, person, *connection_id, sender, now)).collect();
            deliver(&mut *db, notice, &mails).await?;
        }
        after = people.last().map(|person| person.person_id);
        if people.len() < RECIPIENTS_PER_BATCH {
            break;
        }
    }
    let connections = store::notification::list_connections_to_tell(&mut *db, notice, NOTICE_SYSTEMS_MAX, BATCH).await?;
    let messages: Vec<NewDelivery> = connections.iter().filter_map(|to| message_by(notice, to, now)).collect();
    deliver(db, notice, &messages).await
}

/// Tells these, who are meant themselves.
pub(crate) async fn notify_people(db: &mut PgConnection, notice: &Notice, people: &[PersonToTell]) -> Result<(), sqlx::Error> {
    if people.is_empty() {
        return Ok(());
    }
    let now = store::database::now(&mut *db).await?;
    let news = tell_people(&mut *db, notice, people, now).await?;
    let Some((connection_id, sender)) = store::notification::find_mail_connection(&mut *db, notice.node_id).await? else {
        return Ok(());
    };
    // A mail for each of many answers would be one too many: they are told of the first that they have not read.
    let is_due = |person: &&PersonToTell| {
        notice.kind != NoticeKind::MessageReply || !person.preferences.in_app || news.contains(&person.person_id)
    };
    let mails: Vec<NewDelivery> =
        people.iter().filter(is_due).filter_map(|person| mail_to(notice, person, connection_id, &sender, now)).collect();
    deliver(db, notice, &mails).await
}

/// Answers whom this is news to: for others it became one with what they have not read yet.
async fn tell_people(
    db: &mut PgConnection,
    notice: &Notice,
    people: &[PersonToTell],
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let told: Vec<&PersonToTell> = people.iter().filter(|person| person.preferences.in_app).collect();
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let title = format!("{}: {}", words(notice.kind), notice.title);
    let ids: Vec<Uuid> = told.iter().map(|person| person.person_id).collect();
    let bodies: Vec<String> = told.iter().map(|person| in_short(&letter(notice, &person.systems, now))).collect();
    store::notification::insert_notifications(db, notice, &title, &ids, &bodies).await
}

/// Words, window and names on a few lines.
fn in_short(letter: &Letter) -> String {
    let window = match (&letter.starts_at, &letter.ends_at) {
        (Some(from), Some(to)) => Some(format!("{from} – {to}")),
        _ => None,
    };
    let names = (!letter.systems.is_empty()).then(|| letter.systems.join(", "));
    [letter.message.clone(), window, names].into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn mail_to(notice: &Notice, person: &PersonToTell, connection_id: Uuid, sender: &str, now: DateTime<Utc>) -> Option<NewDelivery> {
    let address = person.email.clone()?;
    if !person.preferences.takes(Channel::Smtp) {
        return None;
    }
    let id = Uuid::now_v7();
    Some(NewDelivery {
        id,
        channel: Channel::Smtp,
        connection_id,
        recipient_id: person.person_id,
        recipient: person.title.clone(),
        person_id: Some(person.person_id),
        subscriber_id: None,
        status_subscriber_id: None,
        address: Some(address),
        held_until: person.preferences.held_until(Channel::Smtp, notice.critical, now),
        message_id: message_id(id, sender),
        fields: json!(letter(notice, &person.systems, now)),
        job_id: Uuid::now_v7(),
    })
}

/// The same on every attempt (RFC 5322).
pub(crate) fn message_id(id: Uuid, sender: &str) -> String {
    let domain = sender.rsplit_once('@').map_or("synops", |(_, domain)| domain);
    format!("<{id}@{domain}>")
}

fn message_by(notice: &Notice, to: &ConnectionToTell, now: DateTime<Utc>) -> Option<NewDelivery> {
    // Mail goes to people, never to a mail server.
    if to.channel == Channel::Smtp || !to.preferences.takes(to.channel) {
        return None;
    }
    let id = Uuid::now_v7();
    Some(NewDelivery {
        id,
        channel: to.channel,
        connection_id: to.connection_id,
        recipient_id: to.connection_id,
        recipient: to.title.clone(),
        person_id: to.person_id,
        subscriber_id: Some(to.subscriber_id),
        status_subscriber_id: None,
        address: None,
        held_until: to.preferences.held_until(to.channel, notice.critical, now),
        message_id: id.to_string(),
        fields: json!(letter(notice, &to.systems, now)),
        job_id: Uuid::now_v7(),
    })
}

pub(crate) async fn deliver(db: &mut PgConnection, notice: &Notice, new: &[NewDelivery]) -> Result<(), sqlx::Error> {
    for batch in new.chunks(RECIPIENTS_PER_BATCH) {
        let of = NewDeliveries {
            event_id: notice.event_id,
            kind: notice.kind.as_str(),
            node_id: notice.node_id,
            audience: notice.audience,
        };
        let written = store::delivery::insert_deliveries(&mut *db, of, batch).await?;
        let jobs: Vec<NewJob> = batch.iter().filter(|delivery| written.contains(&delivery.id)).map(job_of).collect();
        store::job::insert_jobs(&mut *db, &jobs).await?;
    }
    Ok(())
}

/// The job that sends it: one, whatever becomes of it.
fn job_of(delivery: &NewDelivery) -> NewJob {
    let payload = json!(DeliverPayload { delivery_id: delivery.id });
    NewJob {
        id: delivery.job_id,
        run_at: delivery.held_until,
        unique_key: Some(delivery.id.to_string()),
        ..NewJob::new(JobKind::Deliver, payload)
    }
}

pub(crate) fn letter(notice: &Notice, systems: &[String], now: DateTime<Utc>) -> Letter {
    let time = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M UTC").to_string();
    Letter {
        kind: notice.kind,
        headline: words(notice.kind).to_owned(),
        node_id: notice.node_id,
        node_kind: notice.node_kind.as_str().to_owned(),
        title: notice.title.clone(),
        message: notice.message.as_ref().map(|text| text.chars().take(NOTICE_MESSAGE_MAX_CHARS).collect()),
        systems: systems.to_vec(),
        at: time(now),
        starts_at: notice.starts_at.map(time),
        ends_at: notice.ends_at.map(time),
        // Where people reach the server is known where it is sent.
        url: String::new(),
        status: None,
    }
}

/// What somebody said with it, and whom that is for.
pub(crate) type Said<'a> = Option<(&'a str, Audience)>;

/// Tells of a maintenance or an incident, as it is now. A word of its own (`is_word`) is for whom it is for; what
/// happened is for everybody who may see it, and words for members alone stay out of it.
async fn tell_of(db: &mut PgConnection, id: Uuid, kind: NoticeKind, said: Said<'_>, is_word: bool) -> Result<(), sqlx::Error> {
    let Some(node) = store::node::find_node(&mut *db, id).await? else { return Ok(()) };
    let (starts_at, ends_at, is_critical, is_automatic) = match &node.facet {
        Some(Facet::Maintenance(maintenance)) => (Some(maintenance.starts_at), Some(maintenance.ends_at), false, false),
        Some(Facet::Incident(incident)) => (None, None, incident.severity == Severity::Critical, incident.automatic),
        _ => return Ok(()),
    };
    let (audience, message) = match said {
        Some((message, audience)) if is_word => (audience, Some(message)),
        Some((message, Audience::Public | Audience::SignedIn)) => (Audience::Public, Some(message)),
        _ => (Audience::Public, None),
    };
    let plain = Notice::new(kind, id, node.kind, node.scope_id, node.title.clone());
    let notice = Notice {
        about: store::maintenance::list_about(&mut *db, id, NOTICE_ABOUT_MAX).await?,
        audience,
        message: message.map(str::to_owned),
        starts_at,
        ends_at,
        critical: plain.critical || is_critical,
        ..plain
    };
    notify(&mut *db, &notice).await?;
    let is_public = matches!(said, Some((_, Audience::Public)));
    if !kind.is_for_followers() || is_word && !is_public {
        return Ok(());
    }
    // What everybody may read is less than what all who are signed in may.
    let message = notice.message.filter(|_| is_public);
    crate::status_subscriber::tell_followers(db, &Notice { message, ..notice }, is_automatic).await
}

/// Tells of a maintenance.
pub(crate) async fn tell_of_maintenance(
    db: &mut PgConnection,
    id: Uuid,
    kind: NoticeKind,
    said: Said<'_>,
) -> Result<(), sqlx::Error> {
    tell_of(db, id, kind, said, kind == NoticeKind::MaintenanceUpdate).await
}

/// Tells of an incident whose state has changed, or that somebody is at.
pub(crate) async fn tell_of_incident(
    db: &mut PgConnection,
    id: Uuid,
    kind: NoticeKind,
    said: Said<'_>,
) -> Result<(), sqlx::Error> {
    tell_of(db, id, kind, said, false).await
}

/// Tells what somebody wrote about an incident.
pub(crate) async fn tell_word_on_incident(db: &mut PgConnection, id: Uuid, said: (&str, Audience)) -> Result<(), sqlx::Error> {
    tell_of(db, id, NoticeKind::IncidentUpdated, Some(said), true).await
}

/// What a change of a maintenance's state is called.
pub(crate) const fn kind_of(state: MaintenanceState) -> NoticeKind {
    match state {
        MaintenanceState::Scheduled => NoticeKind::MaintenanceChanged,
        MaintenanceState::InProgress => NoticeKind::MaintenanceStarted,
        MaintenanceState::Verifying => NoticeKind::MaintenanceVerifying,
        MaintenanceState::Completed => NoticeKind::MaintenanceCompleted,
        MaintenanceState::Cancelled => NoticeKind::MaintenanceCancelled,
    }
}

/// What a change of an incident's state is called.
pub(crate) const fn kind_of_incident(state: IncidentState) -> NoticeKind {
    match state {
        IncidentState::Resolved => NoticeKind::IncidentResolved,
        _ => NoticeKind::IncidentUpdated,
    }
}
