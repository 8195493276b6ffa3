//! A rehearsal: the moves of a plan, made on the real rows under all their rules, and taken back.

use crate::{Intentions, authorise};
use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Level;
use domain::maintenance::{Maintenance, MaintenanceState, Move, Outcome, Step, StepName, Verification};
use domain::{Actor, Refusal};
use sqlx::PgConnection;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

const NO_SUCH: Refusal = Refusal::NotFound { what: "maintenance" };

impl Intentions {
    /// The steps that are left of a maintenance, with their times. Nothing of it is kept, and nobody
    /// is told. Takes whoever may plan it.
    pub async fn rehearse_maintenance(&self, actor: &Actor, id: Uuid) -> Result<Vec<Step>, Refusal> {
        authorise::writer(actor)?;
        let mut tx = store::begin(&self.pool).await.map_err(store::refusal)?;
        let node = store::node::lock_node(&mut *tx, id).await.map_err(store::refusal)?.ok_or(NO_SUCH)?;
        let rights = authorise::Rights::of(&mut tx, actor, node.scope_id).await.map_err(store::refusal)?;
        rights.need(Level::Reader, "maintenance")?;
        let facet = store::maintenance::lock_maintenance(&mut *tx, id).await.map_err(store::refusal)?.ok_or(NO_SUCH)?;
        authorise::maintenance(&mut tx, actor, node.scope_id, facet.affects_instance).await?;
        if facet.state.is_over() {
            return Err(Refusal::conflict(format!("it is {} already", facet.state)));
        }
        let steps = rehearse(&mut tx, id, &facet).await;
        tx.rollback().await.map_err(store::refusal)?;
        steps.map_err(store::refusal)
    }
}

async fn rehearse(db: &mut PgConnection, id: Uuid, plan: &Maintenance) -> Result<Vec<Step>, store::Error> {
    let now = store::database::now(&mut *db).await?;
    let mut found = store::maintenance::find_verification(&mut *db, id).await?;
    let mut steps = Vec::new();
    if plan.state == MaintenanceState::Scheduled {
        steps.push(told(StepName::Announce, now, "people who see it are told, and pages count down".to_owned()));
        let to = Move { to: MaintenanceState::InProgress, outcome: None, message: "" };
        steps.push(made(db, id, StepName::Start, plan.starts_at.max(now), to).await?);
        if plan.affects_instance {
            let stops = store::maintenance::count_stops(&mut *db, id).await?;
            steps.extend(goes_down(plan, stops.listed, now));
            found = store::maintenance::find_verification(&mut *db, id).await?;
        }
    }
    let mut end = plan.ends_at.max(now);
    if plan.state != MaintenanceState::Verifying {
        steps.push(made(db, id, StepName::End, end, Move::at_end(plan.settings.verify, found.checked, "")).await?);
    }
    if plan.state == MaintenanceState::Verifying || (plan.settings.verify && found.checked > 0) {
        let until = plan.verify_until().unwrap_or_else(|| later(end, plan.settings.verify_timeout_s));
        end = until.max(now);
        steps.push(verify(plan, found, end));
        let to = Move { to: MaintenanceState::Completed, outcome: Some(Outcome::Green), message: "" };
        steps.push(made(db, id, StepName::Complete, end, to).await?);
    }
    Ok(steps)
}

/// Makes a move on the rows as they stand in this transaction.
async fn made(db: &mut PgConnection, id: Uuid, name: StepName, at: DateTime<Utc>, to: Move) -> Result<Step, store::Error> {
    let began = Instant::now();
    let moved = match store::maintenance::lock_maintenance(&mut *db, id).await? {
        Some(before) => store::maintenance::move_maintenance(db, id, &before, to.to, to.outcome).await?,
        None => false,
    };
    let detail = if moved { format!("becomes {}", to.to) } else { "its state can't be moved on".to_owned() };
    Ok(Step { name, at, detail, took: Some(began.elapsed()), ok: moved })
}

/// What only the real plan carries out.
fn told(name: StepName, at: DateTime<Utc>, detail: String) -> Step {
    Step { name, at, detail, took: None, ok: true }
}

fn goes_down(plan: &Maintenance, servers: i64, now: DateTime<Utc>) -> Vec<Step> {
    let settings = &plan.settings;
    let classes: Vec<&str> = settings.blocked_classes.iter().map(|class| class.as_str()).collect();
    let kept = if classes.is_empty() { "none".to_owned() } else { classes.join(", ") };
    let start = plan.starts_at.max(now);
    let drained = later(start, settings.drain_bound_s);
    let bound = Duration::from_secs(u64::try_from(settings.drain_bound_s).unwrap_or(0));
    vec![
        told(
            StepName::Close,
            start,
            format!("classes of jobs that are kept, but not begun: {kept}; calls and uploads are refused"),
        ),
        told(StepName::Drain, drained, format!("what runs finishes within {bound:?}, or is interrupted and goes on afterwards")),
        told(StepName::Restart, drained, format!("servers that stop, and that their supervisors start again: {servers}")),
    ]
}

/// As the systems are now: one that is down already would keep it verifying until its time-out.
fn verify(plan: &Maintenance, found: Verification, until: DateTime<Utc>) -> Step {
    let Verification { checked, up, .. } = found;
    let within = plan.settings.verify_timeout_s;
    let detail = format!("{checked} checked systems and roles of servers must be up within {within} s; {up} are up now");
    Step { ok: up >= checked, ..told(StepName::Verify, until, detail) }
}

fn later(at: DateTime<Utc>, seconds: i32) -> DateTime<Utc> {
    TimeDelta::try_seconds(seconds.into()).and_then(|by| at.checked_add_signed(by)).unwrap_or(at)
}
