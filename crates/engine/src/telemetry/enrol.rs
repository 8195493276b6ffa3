//! Devices that nobody has made: turned away, or made when they introduce themselves.

use domain::Actor;
use domain::Refusal;
use domain::device::DevicePatch;
use domain::intention::Intention;
use domain::limits::TELEMETRY_ENROLLED_PER_MINUTE_MAX;
use domain::telemetry::Imei;
use intentions::{Context, Intentions};
use parking_lot::Mutex;
use serde_json::Value;
use std::time::Duration;
use store::Pool;
use tokio::time::Instant;
use uuid::Uuid;

const MINUTE: Duration = Duration::from_secs(60);

/// Makes devices in one workspace, so many a minute: whoever can reach the port can make up IMEIs.
pub(super) struct Enrol {
    pool: Pool,
    intentions: Intentions,
    /// Its id or its title.
    workspace: String,
    minute: Mutex<(Instant, u32)>,
}

impl Enrol {
    pub(super) fn new(pool: Pool, intentions: Intentions, workspace: String) -> Self {
        Self { pool, intentions, workspace, minute: Mutex::new((Instant::now(), 0)) }
    }

    /// The device that was made; `None`: none is now, and it may come again.
    pub(super) async fn enrol(&self, imei: Imei) -> Option<Uuid> {
        if !self.has_room() {
            metrics::counter!("synops_telemetry_not_enrolled_total").increment(1);
            tracing::debug!(imei = imei.as_str(), "too many devices that nobody knows came within a minute");
            return None;
        }
        match self.make(imei).await {
            Ok(id) => {
                tracing::info!(imei = imei.as_str(), %id, "a device that nobody knew was made");
                Some(id)
            }
            // By another server, or by a person, just now.
            Err(Refusal::Conflict { .. }) => store::device::find_device_by_imei(&self.pool, imei.as_str()).await.ok().flatten(),
            Err(refusal) => {
                tracing::warn!(%refusal, imei = imei.as_str(), "a device that nobody knows could not be made");
                None
            }
        }
    }

    fn has_room(&self) -> bool {
        let mut minute = self.minute.lock();
        if minute.0.elapsed() >= MINUTE {
            *minute = (Instant::now(), 0);
        }
        minute.1 = minute.1.saturating_add(1);
        minute.1 <= TELEMETRY_ENROLLED_PER_MINUTE_MAX
    }

    async fn make(&self, imei: Imei) -> Result<Uuid, Refusal> {
        let (id, parent_id) = (Uuid::now_v7(), self.find_workspace().await?);
        let device = DevicePatch { imei: Some(imei.to_string()), model: None };
        let title = imei.to_string();
        let all = vec![Intention::CreateDevice { id: Some(id), parent_id, title, body: String::new(), device }];
        self.intentions.carry_out(&Actor::Server, all, &Context::default(), |_| (200, Value::Null)).await?;
        Ok(id)
    }

    /// Each time: it may be renamed, or made only now.
    async fn find_workspace(&self) -> Result<Uuid, Refusal> {
        if let Ok(id) = self.workspace.parse() {
            return Ok(id);
        }
        let found = store::node::list_workspaces_by_title(&self.pool, &self.workspace, 2).await;
        match found.map_err(store::refusal)?.as_slice() {
            [one] => Ok(*one),
            _ => Err(Refusal::NotFound { what: "workspace to make devices in" }),
        }
    }
}
