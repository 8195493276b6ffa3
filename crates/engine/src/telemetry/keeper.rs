//! The direct stream: keeps what devices send, many frames by one transaction. Whoever gives a frame waits until
//! it is committed, so the device itself is the buffer. There are a few lanes, so that one batch is read and written out
//! while another is committed; a device keeps to its lane, and its records to their order.

use super::held::{Held, Holding};
use super::letters::Letters;
use super::rate::Rate;
use super::sent::of_frames;
use domain::limits::{TELEMETRY_BATCH_RECORDS_MAX, TELEMETRY_BATCH_WAITS, TELEMETRY_FRAMES_WAITING_MAX};
use domain::telemetry::stream::{Appended, Doing, Frame, Stream, shard_of};
use futures_util::future::join_all;
use intentions::Intentions;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

/// So many keep the processors of a small machine busy; more make batches smaller and gain nothing.
const LANES: i16 = 3;

/// The way in. The keeper ends when all of these are gone and what they gave is kept.
#[derive(Clone)]
pub(crate) struct Keeper {
    lanes: Arc<[mpsc::Sender<Given>]>,
    held: Arc<Held>,
}

/// A frame, all of which is acknowledged together.
struct Given {
    frame: Frame,
    answer: oneshot::Sender<Appended>,
    _holding: Holding,
}

impl Stream for Keeper {
    /// Waits until it is kept. However many wait, each has its bound: the channel's, and the database's time.
    fn append(&self, frame: Frame) -> Doing<'_, Appended> {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            let given = Given { _holding: self.held.hold(&frame), frame, answer };
            let lane = usize::try_from(shard_of(given.frame.device_id, LANES)).ok().and_then(|at| self.lanes.get(at));
            match lane {
                Some(lane) if lane.send(given).await.is_ok() => answered.await.unwrap_or(Appended::Later),
                _ => Appended::Later,
            }
        })
    }
}

/// A keeper, and what it does.
pub(crate) fn start(
    intentions: Intentions,
    letters: Arc<Letters>,
    retention: Duration,
    held: Arc<Held>,
    rate: Arc<Rate>,
) -> (Keeper, impl Future<Output = ()>) {
    let (mut lanes, mut running) = (Vec::new(), Vec::new());
    for _ in 0..LANES {
        let (sender, receiver) = mpsc::channel(TELEMETRY_FRAMES_WAITING_MAX);
        lanes.push(sender);
        let (intentions, letters, rate) = (intentions.clone(), Arc::clone(&letters), Arc::clone(&rate));
        running.push(run(Batches { receiver, next: None }, (intentions, letters), retention, rate));
    }
    (Keeper { lanes: lanes.into(), held }, async {
        join_all(running).await;
    })
}

async fn run(mut batches: Batches, (intentions, letters): (Intentions, Arc<Letters>), retention: Duration, rate: Arc<Rate>) {
    while let Some(batch) = batches.next().await {
        let records: usize = batch.iter().map(|given| given.frame.records.len()).sum();
        let began = Instant::now();
        keep(&intentions, &letters, retention, batch).await;
        rate.count(records);
        metrics::counter!("synops_telemetry_records_total").increment(records as u64);
        metrics::histogram!("synops_telemetry_commit_seconds").record(began.elapsed().as_secs_f64());
    }
}

/// Frames that are kept together.
struct Batches {
    receiver: mpsc::Receiver<Given>,
    /// Came when the batch before was full.
    next: Option<Given>,
}

impl Batches {
    /// `None`: nobody gives anything any more.
    async fn next(&mut self) -> Option<Vec<Given>> {
        let first = match self.next.take() {
            Some(given) => given,
            None => self.receiver.recv().await?,
        };
        let until = Instant::now() + TELEMETRY_BATCH_WAITS;
        let (mut records, mut batch) = (first.frame.records.len(), vec![first]);
        while let Ok(Some(given)) = timeout_at(until, self.receiver.recv()).await {
            records += given.frame.records.len();
            if records > TELEMETRY_BATCH_RECORDS_MAX {
                self.next = Some(given);
                break;
            }
            batch.push(given);
        }
        Some(batch)
    }
}

/// Keeps all of these, or of those that the database refuses as many as it takes.
async fn keep(intentions: &Intentions, desk: &Letters, retention: Duration, batch: Vec<Given>) {
    // Halves of what was refused, and their halves: the culprit is found in as many steps as its number has bits.
    let mut parts = vec![batch];
    while let Some(mut part) = parts.pop() {
        let (positions, letters) = of_frames(part.iter().map(|given| &given.frame), desk, retention);
        match intentions.keep_positions(positions, &letters, None).await {
            Ok(kept) => part.into_iter().for_each(|given| {
                let is_unknown = kept.unknown.contains(&given.frame.device_id);
                // Whoever is gone sends it again, and then it is there already.
                let _ = given.answer.send(if is_unknown { Appended::Unknown } else { Appended::Durable });
            }),
            Err(error) if !store::is_refusal_of_data(&error) => {
                tracing::warn!(%error, frames = part.len(), "what devices sent could not be kept; they send it again");
                part.into_iter().for_each(|given| drop(given.answer.send(Appended::Later)));
            }
            Err(error) if part.len() == 1 => {
                let text = error.to_string();
                part.into_iter().for_each(|given| drop(given.answer.send(Appended::Refused(text.clone()))));
            }
            Err(_) => {
                parts.push(part.split_off(part.len() / 2));
                parts.push(part);
            }
        }
    }
}
