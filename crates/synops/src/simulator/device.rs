//! One device: it drives, and tells of it until that is acknowledged.

use super::frames::{Frame, Poison};
use super::plan::Pace;
use super::{Run, at};
use chrono::TimeDelta;
use domain::telemetry::Imei;
use domain::telemetry::codec::{self, Record};
use domain::telemetry::track::{Dice, Track, TrackSpec};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// To be connected and let in.
const CONNECT_MAX: Duration = Duration::from_secs(15);
/// For an acknowledgement; then the device hangs up and comes again.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// Before it tries again, the first time; then twice as long each time.
const AGAIN_AFTER: Duration = Duration::from_millis(200);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(2);
/// Before it sends again what was refused.
const REFUSED_PAUSE: Duration = Duration::from_millis(50);

pub(super) struct Device {
    run: Arc<Run>,
    imei: Imei,
    dice: Dice,
    track: std::iter::Enumerate<Track>,
    pace: Pace,
    /// From the run's beginning to its first frame: they don't all send at once.
    begins_after: Duration,
    stream: Option<TcpStream>,
    storms: watch::Receiver<u64>,
    /// Connections in a row that came to nothing.
    failures: u32,
    connections: u64,
}

/// What a frame was answered.
enum Answer {
    Taken,
    Refused,
    /// The connection is not there any more.
    Gone,
}

impl Device {
    /// `None`: there is no such IMEI.
    pub(super) fn new(run: &Arc<Run>, number: u32, pace: &Pace) -> Option<Self> {
        let (plan, device) = (&run.plan, u64::from(number));
        let begins_after = pace.frame_every.mul_f64(f64::from(number) / f64::from(plan.devices.max(1)));
        let every_s = u32::try_from(pace.record_every.num_seconds()).unwrap_or(u32::MAX);
        let begins_at = pace.begins_at + TimeDelta::from_std(begins_after).unwrap_or_default();
        let track = Track::new(TrackSpec { seed: plan.seed, device, around: plan.around, begins_at, every_s });
        Some(Self {
            imei: plan.imei(number)?,
            // Not the numbers that its drive is made of.
            dice: Dice::new(!plan.seed, device),
            track: track.enumerate(),
            pace: Pace { begins_at, ..*pace },
            begins_after,
            stream: None,
            storms: run.storms.clone(),
            failures: 0,
            connections: 0,
            run: Arc::clone(run),
        })
    }

    pub(super) async fn drive(mut self, began: Instant) {
        let (faults, with_lines) = (self.run.plan.faults, self.run.ledger.is_kept());
        let mut due = began + self.begins_after;
        let mut left = self.pace.records;
        while left != Some(0) && self.wait_until(due).await {
            let many = left.unwrap_or(u64::MAX).min(self.run.plan.records_per_frame.into());
            left = left.map(|left| left - many);
            let records = self.records(many);
            if self.chance(faults.poison) {
                let poison = if self.dice.one_in(2) { Poison::Broken } else { Poison::DeadClock };
                if let Ok(frame) = Frame::poisoned(self.imei, &records, poison, with_lines) {
                    if self.deliver(&frame).await.is_none() {
                        break;
                    }
                    self.run.tally.poison.add(1);
                    self.run.ledger.write(frame.lines).await;
                }
            }
            // Made-up records fit the codec.
            let Ok(frame) = Frame::new(self.imei, &records, with_lines) else { break };
            self.run.tally.sent.add(many);
            let Some(took) = self.deliver(&frame).await else { break };
            self.run.tally.latency.add(took);
            self.run.tally.acknowledged.add(many);
            if self.chance(faults.duplicates) {
                self.run.tally.duplicates.add(1);
                self.deliver(&frame).await;
            }
            self.run.ledger.write(frame.lines).await;
            due += self.pace.frame_every;
        }
        self.hang_up();
    }

    /// Whether there is something to do then. A storm is weathered meanwhile: it hangs up and comes again.
    async fn wait_until(&mut self, due: Instant) -> bool {
        loop {
            if self.run.stop.is_cancelled() {
                return false;
            }
            tokio::select! {
                () = self.run.stop.cancelled() => return false,
                () = at(Some(due)) => return true,
                Ok(()) = self.storms.changed() => {}
            }
            self.hang_up();
            if !self.connected().await {
                return false;
            }
        }
    }

    fn records(&mut self, many: u64) -> Vec<Record> {
        let Pace { begins_at, record_every, .. } = self.pace;
        let take = usize::try_from(many).unwrap_or(usize::MAX);
        let at = |number: usize| begins_at + record_every * i32::try_from(number).unwrap_or(i32::MAX);
        self.track.by_ref().take(take).map(|(number, record)| Record { at: at(number), ..record }).collect()
    }

    fn chance(&mut self, share: f64) -> bool {
        share > 0.0 && self.dice.between(0.0, 1.0) < share
    }

    /// Sends it until it is acknowledged, however often that takes; answers how long the last time took. `None`: it
    /// has given up.
    async fn deliver(&mut self, frame: &Frame) -> Option<Duration> {
        loop {
            if !self.connected().await {
                return None;
            }
            if self.chance(self.run.plan.faults.loss) {
                self.lose(frame).await;
                continue;
            }
            let sent = Instant::now();
            match self.exchange(frame).await {
                Answer::Taken => return Some(sent.elapsed()),
                Answer::Refused => {
                    self.run.tally.refused.add(1);
                    sleep(REFUSED_PAUSE).await;
                }
                Answer::Gone => {
                    self.hang_up();
                    self.pause().await;
                }
            }
        }
    }

    async fn exchange(&mut self, frame: &Frame) -> Answer {
        let Some(stream) = &mut self.stream else { return Answer::Gone };
        let exchange = async {
            stream.write_all(&frame.bytes).await?;
            stream.read_u32().await
        };
        let answered = tokio::select! {
            answered = timeout(ANSWER_MAX, exchange) => answered,
            Ok(()) = self.storms.changed() => return Answer::Gone,
        };
        match answered {
            Ok(Ok(count)) if count == frame.count => {
                self.failures = 0;
                Answer::Taken
            }
            Ok(Ok(_)) => Answer::Refused,
            Ok(Err(_)) | Err(_) => Answer::Gone,
        }
    }

    /// The network goes away in the middle of it, or when the server has it and nobody hears so.
    async fn lose(&mut self, frame: &Frame) {
        let half = if self.dice.one_in(2) { frame.bytes.len() / 2 } else { frame.bytes.len() };
        if let (Some(stream), Some(bytes)) = (&mut self.stream, frame.bytes.get(..half)) {
            let _ = stream.write_all(bytes).await;
        }
        self.run.tally.lost.add(1);
        self.hang_up();
    }

    /// Comes again until it is let in; false: it was turned away, and the run is over.
    async fn connected(&mut self) -> bool {
        while self.stream.is_none() {
            match timeout(CONNECT_MAX, self.introduced()).await {
                Ok(Ok((stream, true))) => {
                    self.run.tally.connected.add(1);
                    self.run.tally.reconnects.add(u64::from(self.connections > 0));
                    self.connections += 1;
                    self.stream = Some(stream);
                }
                Ok(Ok((_, false))) => {
                    self.run.tally.turned_away.add(1);
                    let stop = self.run.stop.clone();
                    if stop.run_until_cancelled(self.pause()).await.is_none() || stop.is_cancelled() {
                        return false;
                    }
                }
                Ok(Err(_)) | Err(_) => self.pause().await,
            }
        }
        true
    }

    /// A connection, and whether it is let in.
    async fn introduced(&self) -> std::io::Result<(TcpStream, bool)> {
        // It stays open for as long as the run.
        let _door = self.run.doors.acquire().await;
        let mut stream = TcpStream::connect(self.run.plan.to).await?;
        stream.set_nodelay(true)?;
        stream.write_all(&codec::introduce(self.imei)).await?;
        let is_let_in = stream.read_u8().await? == 1;
        Ok((stream, is_let_in))
    }

    fn hang_up(&mut self) {
        if self.stream.take().is_some() {
            self.run.tally.connected.take_one();
        }
    }

    /// Longer each time, and not for all the same.
    async fn pause(&mut self) {
        let longest = AGAIN_AFTER.saturating_mul(1 << self.failures.min(8)).min(AGAIN_AFTER_MAX);
        self.failures = self.failures.saturating_add(1);
        sleep(longest.mul_f64(self.dice.between(0.5, 1.0))).await;
    }
}

impl Drop for Device {
    /// One that is cut off, too.
    fn drop(&mut self) {
        self.hang_up();
    }
}
