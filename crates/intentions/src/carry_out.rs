//! From a request to its commit: all of its intentions in one transaction, or none.

use crate::apply::Work;
use crate::{Context, Done, Idempotency, Intentions, Outcome, authorise};
use domain::intention::Intention;
use domain::limits::{INTENTIONS_MAX, TRANSACTION_ATTEMPTS_MAX};
use domain::{Actor, EdgeKind, Refusal};
use serde_json::Value;
use sqlx::{Postgres, Transaction};
use store::idempotency::Taken;

pub(crate) async fn carry_out(
    to: &Intentions,
    actor: &Actor,
    intentions: Vec<Intention>,
    context: &Context,
    render: impl Fn(&[Outcome]) -> (u16, Value) + Send,
) -> Result<Done, Refusal> {
    authorise::writer(actor)?;
    if intentions.is_empty() || intentions.len() > INTENTIONS_MAX {
        return Err(Refusal::invalid("intentions", format!("1 to {INTENTIONS_MAX} intentions")));
    }
    for (at, intention) in intentions.iter().enumerate() {
        intention.validate().map_err(|refusal| place(refusal, at, intentions.len()))?;
    }
    if let Some((status, response)) = take_key(to, context).await? {
        return Ok(Done::Before { status, response });
    }
    let done = attempts(to, actor, &intentions, context, &render).await;
    match &done {
        Ok(_) => {
            (to.bell)();
            if intentions.iter().any(makes_due) {
                to.check_bell.notify_one();
            }
            if intentions.iter().any(moves_a_window) {
                to.maintenance_bell.notify_one();
            }
            if intentions.iter().any(tells_people) {
                to.ring_jobs().await;
            }
        }
        Err(_) => give_back(to, context.idempotency.as_ref()).await,
    }
    done
}

/// Tries again after a deadlock: nothing happened then, and the other side has finished.
async fn attempts(
    to: &Intentions,
    actor: &Actor,
    intentions: &[Intention],
    context: &Context,
    render: &(impl Fn(&[Outcome]) -> (u16, Value) + Send),
) -> Result<Done, Refusal> {
    let mut attempt = 1;
    loop {
        match once(to, actor, intentions, context, render).await {
            Err(Stop::Database(error)) if store::may_retry(&error) && attempt < TRANSACTION_ATTEMPTS_MAX => {
                tracing::debug!(attempt, "a write is tried again after a deadlock");
                attempt += 1;
            }
            Err(Stop::Database(error)) => return Err(store::refusal(error)),
            Err(Stop::Refused(refusal)) => return Err(refusal),
            Ok(done) => return Ok(done),
        }
    }
}

/// Why an attempt ended.
pub(crate) enum Stop {
    Refused(Refusal),
    Database(sqlx::Error),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

async fn once(
    to: &Intentions,
    actor: &Actor,
    intentions: &[Intention],
    context: &Context,
    render: &(impl Fn(&[Outcome]) -> (u16, Value) + Send),
) -> Result<Done, Stop> {
    let mut tx = store::begin(&to.pool).await?;
    let mut keeps_an_administrator = false;
    if intentions.iter().any(changes_access) {
        store::access::lock_graph(&mut *tx).await?;
        keeps_an_administrator = authorise::must_leave_an_administrator(&mut tx, actor).await?;
    }
    if intentions.iter().any(changes_states) {
        store::dependency::lock_dependencies(&mut *tx).await?;
    }
    let mut work = Work::new(&mut tx, actor, context.request_id.as_deref(), to.keyring.as_ref());
    for (at, intention) in intentions.iter().enumerate() {
        work.apply(intention).await.map_err(|stop| match stop {
            Stop::Refused(refusal) => Stop::Refused(place(refusal, at, intentions.len())),
            // A rule that the database holds is a refusal of this intention too.
            Stop::Database(error) if store::may_retry(&error) => Stop::Database(error),
            Stop::Database(error) => Stop::Refused(place(store::refusal(error), at, intentions.len())),
        })?;
    }
    let outcomes = work.outcomes().await?;
    if keeps_an_administrator {
        authorise::somebody_administers(&mut tx).await?;
    }
    let (status, response) = render(&outcomes);
    commit(tx, context, status, &response).await?;
    Ok(Done::Now { outcomes, status, response })
}

/// Commits the work, and its answer with it when there is a key.
pub(crate) async fn commit(
    mut tx: Transaction<'_, Postgres>,
    context: &Context,
    status: u16,
    response: &Value,
) -> Result<(), Stop> {
    if let Some(Idempotency { caller, key, request_hash }) = &context.idempotency
        && !store::idempotency::store_answer(&mut *tx, caller, key, request_hash, status, response).await?
    {
        return Err(Stop::Refused(Refusal::IdempotencyRunning));
    }
    tx.commit().await.map_err(|error| match error {
        // Whether it was committed is not known: saying "nothing was changed" might be a lie.
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => Stop::Refused(Refusal::Unavailable {
            detail: "the database was lost while committing; look before you repeat",
            source: Some(Box::new(error)),
        }),
        other => Stop::Database(other),
    })
}

/// Takes the request's key, if it has one; answers what it was answered when it was carried out before.
pub(crate) async fn take_key(to: &Intentions, context: &Context) -> Result<Option<(u16, Value)>, Refusal> {
    let Some(Idempotency { caller, key, request_hash }) = &context.idempotency else { return Ok(None) };
    match store::idempotency::take_key(&to.pool, caller, key, request_hash).await.map_err(store::refusal)? {
        Taken::New => Ok(None),
        Taken::Running => Err(Refusal::IdempotencyRunning),
        Taken::Mismatch => Err(Refusal::IdempotencyMismatch),
        Taken::Answered { status, response } => Ok(Some((status, response))),
    }
}

/// Whether it may change a granting edge, or move a node: then the graph's lock comes first.
fn changes_access(intention: &Intention) -> bool {
    match intention {
        Intention::CreateNode { kind, scope, .. } => kind.is_always_scope() || scope.is_some(),
        Intention::UpdateNode { person, .. } => person.is_some(),
        Intention::CreateEdge { kind, .. } => kind.grants().is_some() || *kind == EdgeKind::PartOf,
        Intention::MoveNode { .. }
        | Intention::DeleteNode { .. }
        | Intention::SetScope { .. }
        | Intention::CreateConnection { .. }
        | Intention::CreateAnnouncement { .. }
        // It is a scope root, and its maker's.
        | Intention::CreateStatusPage { .. }
        | Intention::CreateChannel { .. }
        // It deletes what it does not hold any more.
        | Intention::UpdateMaintenanceSeries { .. }
        // Its kind is not known before it is read.
        | Intention::DeleteEdge { .. } => true,
        Intention::UpdateEdge { .. }
        | Intention::CheckNow { .. }
        | Intention::PlanMaintenance { .. }
        | Intention::UpdateMaintenance { .. }
        | Intention::ExtendMaintenance { .. }
        | Intention::StartMaintenance { .. }
        | Intention::CloseMaintenance { .. }
        | Intention::CancelMaintenance { .. }
        | Intention::AddMaintenanceUpdate { .. }
        | Intention::OrderGroups { .. }
        | Intention::CreateView { .. }
        | Intention::UpdateView { .. }
        | Intention::AddContact { .. }
        | Intention::UpdateMailbox { .. }
        | Intention::OpenIncident { .. }
        | Intention::UpdateIncident { .. }
        | Intention::AcknowledgeIncident { .. }
        | Intention::ResolveIncident { .. }
        | Intention::AddIncidentUpdate { .. }
        | Intention::EditUpdate { .. }
        | Intention::UpdateConnection { .. }
        | Intention::SetConnectionTemplates { .. }
        // Its visibility is no grant, and inherits none.
        | Intention::UpdateAnnouncement { .. }
        | Intention::OrderAnnouncements { .. }
        | Intention::CreateDevice { .. }
        | Intention::UpdateDevice { .. }
        | Intention::CreateGeofence { .. }
        | Intention::UpdateGeofence { .. }
        | Intention::MarkPositions { .. }
        | Intention::RetellDevice { .. }
        | Intention::SendCommand { .. }
        | Intention::CreateMaintenanceSeries { .. }
        | Intention::EndMaintenanceSeries { .. }
        | Intention::UpdateStatusPage { .. }
        | Intention::SetStatusPageEntries { .. }
        | Intention::UpdateChannel { .. }
        | Intention::SendMessage { .. }
        | Intention::EditMessage { .. }
        | Intention::DeleteMessage { .. }
        | Intention::React { .. }
        | Intention::PinMessage { .. }
        | Intention::PromoteMessage { .. }
        | Intention::CreateColumn { .. }
        | Intention::MoveColumn { .. }
        | Intention::CreateCard { .. }
        | Intention::MoveCard { .. } => false,
    }
}

/// Whether states of systems may follow from it that it does not name: then the lock of dependencies comes
/// before all rows. (Triggers take it in any case; but then two may wait for each other.)
fn changes_states(intention: &Intention) -> bool {
    match intention {
        Intention::UpdateNode { system: Some(system), .. } => system.check.is_some() || system.enabled.is_some(),
        Intention::CreateEdge { kind, .. } => matches!(kind, EdgeKind::DependsOn | EdgeKind::Affects),
        Intention::UpdateEdge { .. }
        | Intention::DeleteEdge { .. }
        | Intention::DeleteNode { .. }
        | Intention::MoveNode { .. }
        | Intention::UpdateMaintenanceSeries { .. }
        | Intention::OpenIncident { .. }
        | Intention::UpdateIncident { .. }
        | Intention::ResolveIncident { .. }
        | Intention::AddIncidentUpdate { .. } => true,
        _ => false,
    }
}

/// Whether a check may be due because of it.
fn makes_due(intention: &Intention) -> bool {
    matches!(
        intention,
        Intention::CheckNow { .. }
            | Intention::CreateNode { system: Some(_), .. }
            | Intention::UpdateNode { system: Some(_), .. }
            // Into verifying, it may be.
            | Intention::AddMaintenanceUpdate { .. }
    )
}

/// Whether the clock of maintenances should look because of it.
fn moves_a_window(intention: &Intention) -> bool {
    matches!(
        intention,
        Intention::PlanMaintenance { .. }
            | Intention::UpdateMaintenance { .. }
            | Intention::ExtendMaintenance { .. }
            | Intention::StartMaintenance { .. }
            | Intention::AddMaintenanceUpdate { .. }
            | Intention::CreateMaintenanceSeries { .. }
            | Intention::UpdateMaintenanceSeries { .. }
            // The same clock.
            | Intention::CreateAnnouncement { .. }
            | Intention::UpdateAnnouncement { .. }
    )
}

/// Whether messages may go out because of it.
fn tells_people(intention: &Intention) -> bool {
    matches!(
        intention,
        Intention::PlanMaintenance { .. }
            | Intention::UpdateMaintenance { .. }
            | Intention::ExtendMaintenance { .. }
            | Intention::StartMaintenance { .. }
            | Intention::CloseMaintenance { .. }
            | Intention::CancelMaintenance { .. }
            | Intention::AddMaintenanceUpdate { .. }
            | Intention::OpenIncident { .. }
            | Intention::AcknowledgeIncident { .. }
            | Intention::ResolveIncident { .. }
            | Intention::AddIncidentUpdate { .. }
            | Intention::UpdateMaintenanceSeries { .. }
            | Intention::EndMaintenanceSeries { .. }
            | Intention::CreateAnnouncement { .. }
            | Intention::UpdateAnnouncement { .. }
            | Intention::SendMessage { .. }
            | Intention::EditMessage { .. }
            | Intention::PromoteMessage { .. }
    )
}

/// Says which of several intentions was refused.
fn place(refusal: Refusal, at: usize, of: usize) -> Refusal {
    if of == 1 { refusal } else { refusal.within(&format!("intentions[{at}]")) }
}

/// A refused request leaves its key free for a corrected one.
pub(crate) async fn give_back(to: &Intentions, key: Option<&Idempotency>) {
    let Some(Idempotency { caller, key, request_hash }) = key else { return };
    if let Err(error) = store::idempotency::release_key(&to.pool, caller, key, request_hash).await {
        tracing::warn!(%error, "an idempotency key could not be given back; it frees itself in a minute");
    }
}
