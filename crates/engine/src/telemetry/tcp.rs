//! Devices over TCP: an introduction, then frames, each answered when it is kept.

use super::Ingest;
use super::pace::Pace;
use domain::limits::{
    TELEMETRY_ANSWER_WITHIN, TELEMETRY_FRAME_MAX_BYTES, TELEMETRY_FRAME_WITHIN, TELEMETRY_HANDSHAKE_WITHIN, TELEMETRY_IDLE_MAX,
    TELEMETRY_RECORDS_PER_CONNECTION_S_MAX,
};
use domain::telemetry::Imei;
use domain::telemetry::codec::{self, Frame, Refused, Step, Why};
use domain::telemetry::stream::{Appended, Carrier};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use uuid::Uuid;

/// After a connection could not be taken: files are short, say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Read at once, at most.
const READ_BYTES: usize = 4_096;

/// Takes connections until it is closed, and waits for those it has.
pub(super) async fn listen(ingest: &Arc<Ingest>, listener: &TcpListener, closed: &CancellationToken) {
    let connections = TaskTracker::new();
    while let Some(accepted) = closed.run_until_cancelled(listener.accept()).await {
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a device's connection could not be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(slot) = Arc::clone(&ingest.slots).try_acquire_owned() else {
            metrics::counter!("synops_telemetry_turned_away_total").increment(1);
            continue;
        };
        let serving = serve(Arc::clone(ingest), stream, closed.clone());
        let span = tracing::debug_span!("device", %peer);
        connections.spawn(
            ingest.tracker.track_future(
                async move {
                    metrics::gauge!("synops_telemetry_connections").increment(1);
                    serving.await;
                    metrics::gauge!("synops_telemetry_connections").decrement(1);
                    drop(slot);
                }
                .instrument(span),
            ),
        );
    }
    connections.close();
    connections.wait().await;
}

/// Why a connection ends. (A device comes again by itself.)
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("it is gone")]
    Gone,
    #[error("it is too slow")]
    Late,
    #[error("what it sends is no frame: {0}")]
    Refused(Refused),
    #[error("nobody knows it")]
    Unknown,
    #[error("nothing is taken any more; it comes again")]
    Closing,
    #[error("nothing can be kept now; it comes again")]
    Unavailable,
}

async fn serve(ingest: Arc<Ingest>, stream: TcpStream, closed: CancellationToken) {
    // An answer is a few bytes that a device waits for.
    let _ = stream.set_nodelay(true);
    let pace = Pace::new(TELEMETRY_RECORDS_PER_CONNECTION_S_MAX);
    let mut connection = Connection { ingest, stream, closed, pace, buffer: Vec::new() };
    let end = match connection.introduce().await {
        Ok((device_id, imei)) => connection.frames(device_id, imei).await,
        Err(end) => end,
    };
    tracing::debug!(%end, "a device's connection ends");
}

struct Connection {
    ingest: Arc<Ingest>,
    stream: TcpStream,
    /// Cancelled: nothing more is read.
    closed: CancellationToken,
    /// Of what it sends.
    pace: Pace,
    /// Never more than one frame and what came with its end.
    buffer: Vec<u8>,
}

impl Connection {
    async fn introduce(&mut self) -> Result<(Uuid, Imei), End> {
        let imei = timeout(TELEMETRY_HANDSHAKE_WITHIN, self.next(codec::handshake)).await.map_err(|_| End::Late)??;
        let device_id = match self.ingest.find(imei).await {
            Ok(Some(device_id)) => device_id,
            Ok(None) => {
                tracing::info!(imei = imei.as_str(), "a device that nobody knows was turned away");
                self.answer(&codec::admit(false)).await?;
                return Err(End::Unknown);
            }
            // It comes again.
            Err(error) => {
                tracing::warn!(%error, "a device could not be looked up");
                return Err(End::Unavailable);
            }
        };
        self.answer(&codec::admit(true)).await?;
        Ok((device_id, imei))
    }

    /// Until it ends, or is closed between two frames: one that has begun to come is waited for no longer.
    async fn frames(&mut self, device_id: Uuid, imei: Imei) -> End {
        let ingest = Arc::clone(&self.ingest);
        let mut wire = ingest.wires.connect(device_id);
        loop {
            let closed = self.closed.clone();
            // What has come of a frame stays in the buffer, when a command comes between.
            let (frame, bytes) = tokio::select! {
                () = closed.cancelled() => return End::Closing,
                Some(command) = wire.commands.recv() => {
                    let bytes = wire.send(imei, &command);
                    match self.answer(&bytes).await {
                        Ok(()) => continue,
                        Err(end) => return end,
                    }
                }
                whole = self.whole() => match whole {
                    Err(end) => return end,
                    Ok(whole) => whole,
                },
            };
            let under_way = self.ingest.under_way();
            let done = match frame {
                Ok(Frame::Messages(messages)) => {
                    wire.heard(&self.ingest.pool, &messages).await;
                    Ok(())
                }
                frame => self.take(device_id, imei, frame, &bytes).await,
            };
            drop(under_way);
            if let Err(end) = done {
                return end;
            }
        }
    }

    /// What a frame says, and its bytes as they came.
    async fn take(&mut self, device_id: Uuid, imei: Imei, frame: Result<Frame, Why>, bytes: &[u8]) -> Result<(), End> {
        let refused = match frame {
            Ok(Frame::Records(records)) => {
                let count = u32::try_from(records.len()).unwrap_or(u32::MAX);
                self.pace.count(records.len());
                self.ingest.pace.count(records.len());
                match self.ingest.append(device_id, imei, Carrier::Tcp, bytes, records).await {
                    Appended::Durable => return self.answer(&codec::acknowledge(count)).await,
                    Appended::Unknown => return Err(End::Unknown),
                    // Without an answer it sends the same again, and not at once.
                    Appended::Later => return Err(End::Unavailable),
                    Appended::Refused(error) => error,
                }
            }
            Ok(Frame::Messages(_) | Frame::Ping) => return Ok(()),
            Err(why) => why.to_string(),
        };
        let let_off = self.ingest.desk.refuse(device_id, imei, bytes, &refused).await;
        let count = if let_off { codec::claimed(bytes) } else { 0 };
        self.answer(&codec::acknowledge(count)).await
    }

    /// Waits for a whole frame, and takes it out of the buffer. A refused one too, when its end is known.
    async fn whole(&mut self) -> Result<(Result<Frame, Why>, Vec<u8>), End> {
        self.pace.ready().await;
        self.ingest.pace.ready().await;
        if self.buffer.is_empty() {
            timeout(TELEMETRY_IDLE_MAX, self.read()).await.map_err(|_| End::Late)??;
        }
        let whole = async {
            loop {
                match codec::frame(&self.buffer) {
                    Ok(Step::Done { value, used }) => return Ok((Ok(value), self.buffer.drain(..used).collect())),
                    Ok(Step::More { .. }) => self.read().await?,
                    Err(Refused { used: Some(used), why }) => return Ok((Err(why), self.buffer.drain(..used).collect())),
                    Err(refused) => return Err(End::Refused(refused)),
                }
            }
        };
        timeout(TELEMETRY_FRAME_WITHIN, whole).await.map_err(|_| End::Late)?
    }

    async fn next<T>(&mut self, step: impl Fn(&[u8]) -> Result<Step<T>, Refused>) -> Result<T, End> {
        loop {
            match step(&self.buffer).map_err(End::Refused)? {
                Step::Done { value, used } => {
                    self.buffer.drain(..used);
                    return Ok(value);
                }
                Step::More { .. } => self.read().await?,
            }
        }
    }

    async fn read(&mut self) -> Result<(), End> {
        let mut bytes = [0; READ_BYTES];
        let read = self.stream.read(&mut bytes).await.map_err(|_| End::Gone)?;
        if read == 0 || self.buffer.len() > TELEMETRY_FRAME_MAX_BYTES {
            return Err(End::Gone);
        }
        self.buffer.extend_from_slice(&bytes[..read]);
        Ok(())
    }

    async fn answer(&mut self, bytes: &[u8]) -> Result<(), End> {
        timeout(TELEMETRY_ANSWER_WITHIN, self.stream.write_all(bytes)).await.map_err(|_| End::Late)?.map_err(|_| End::Gone)
    }
}
