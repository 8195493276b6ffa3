//! Telemetry: devices are listened to (`tcp.rs`), and what they send is appended to a stream, which says when it
//! may be acknowledged. The direct one (`keeper.rs`) keeps it first: what a crash loses, the device sends again.
//! The one in Redis (`redis_stream`) has it wait there until a processor (`processor`) has kept it.

mod commands;
mod desk;
mod enrol;
mod faults;
mod held;
mod keeper;
mod known;
mod letters;
mod pace;
pub mod processor;
mod rate;
mod recent;
mod redis_stream;
mod sent;
mod standing;
mod tcp;
mod udp;

pub use faults::{Dump, DumpedFrame, Faults, list_dumps};
pub use held::Held;
pub use redis_stream::{BadAddress, RedisConfig, RedisStream};

use chrono::Utc;
use desk::Desk;
use domain::limits::{DEVICE_OFFLINE_AFTER, TELEMETRY_CONNECTIONS_MAX, TELEMETRY_RECORDS_S_MAX};
use domain::telemetry::Imei;
use domain::telemetry::codec::Record;
use domain::telemetry::stream::{Appended, Carrier, Frame, Stream};
use drain::{Class, Drain, InFlight, Participant};
use enrol::Enrol;
use intentions::Intentions;
use known::Known;
use letters::Letters;
use pace::Pace;
use rate::Rate;
pub(crate) use sent::position as position_of;
use standing::Standing;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use store::Pool;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::MissedTickBehavior;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use uuid::Uuid;

/// For what was read to be kept and acknowledged.
const ENDS_WITHIN: Duration = Duration::from_secs(10);
/// Devices that fell silent are looked for so often.
const SILENT_LOOKED_FOR_EVERY: Duration = Duration::from_secs(15);

/// Stories that are to be told anew are looked for so often.
const RETOLD_EVERY: Duration = Duration::from_secs(1);

/// Where devices are listened to. Bound by whoever starts this, so that a test can have any port.
#[derive(Debug)]
pub struct Ears {
    pub tcp: TcpListener,
    pub udp: Arc<UdpSocket>,
}

impl Ears {
    /// At this address, by TCP and UDP.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Self> {
        let tcp = TcpListener::bind(address).await?;
        let udp = UdpSocket::bind(tcp.local_addr()?).await?;
        Ok(Self { tcp, udp: Arc::new(udp) })
    }
}

/// What connections share.
pub(crate) struct Ingest {
    pool: Pool,
    stream: Arc<dyn Stream>,
    desk: Desk,
    /// Of all that is read.
    pace: Pace,
    known: Known,
    /// `None`: who is not known is turned away.
    enrol: Option<Enrol>,
    slots: Arc<Semaphore>,
    wires: commands::Wires,
    /// Frames that were read and are not answered yet.
    open: Arc<AtomicUsize>,
    tracker: TaskTracker,
}

/// Which server this is.
#[derive(Clone, Debug)]
pub struct Me {
    pub instance_id: Uuid,
    /// For people.
    pub name: String,
}

/// What devices are listened to with.
pub struct IngestConfig {
    pub me: Me,
    pub ears: Ears,
    pub pool: Pool,
    pub intentions: Intentions,
    /// `None`: the direct stream, of this process.
    pub stream: Option<Arc<RedisStream>>,
    /// Positions are kept for so long.
    pub retention: Duration,
    /// Devices that nobody knows are made in this workspace (its id or title); `None`: they are turned away.
    pub enrol_in: Option<String>,
    pub held: Arc<Held>,
    pub faults: Faults,
}

/// Listens as long as work is taken; when it is not, what was read is answered. Ends with the drain.
pub fn start(config: IngestConfig, tracker: &TaskTracker, drain: &Drain) {
    let IngestConfig { me, ears, pool, intentions, stream, retention, enrol_in, held, faults } = config;
    let open = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&open);
    let place = drain.register("telemetry", Class::Request, ENDS_WITHIN, move || InFlight::of(counted.load(Relaxed)));
    let letters = Arc::new(Letters::new());
    let (slots, rate) = (Arc::new(Semaphore::new(TELEMETRY_CONNECTIONS_MAX)), Arc::new(Rate::default()));
    let waiting = stream.is_none().then(|| Arc::clone(&held));
    let stream: Arc<dyn Stream> = match stream {
        Some(stream) => stream,
        None => {
            let (keeper, keeping) = keeper::start(intentions.clone(), Arc::clone(&letters), retention, held, Arc::clone(&rate));
            let keeping = faults.clone().guard("keeper", keeping);
            tracker.spawn(keeping.instrument(tracing::info_span!("telemetry keeper")));
            Arc::new(keeper)
        }
    };
    let standing = Standing { pool: pool.clone(), me, slots: Arc::clone(&slots), rate, waiting, end: place.end().clone() };
    tracker.spawn(standing.tell().instrument(tracing::info_span!("telemetry standing")));
    let ingest = Arc::new(Ingest {
        desk: Desk::new(pool.clone(), letters),
        pace: Pace::new(TELEMETRY_RECORDS_S_MAX),
        known: Known::new(),
        enrol: enrol_in.map(|workspace| Enrol::new(pool.clone(), intentions.clone(), workspace)),
        pool,
        stream,
        slots,
        wires: commands::Wires::default(),
        open,
        tracker: tracker.clone(),
    });
    let listening = faults.guard("ingest", listen(ingest, ears, place, intentions));
    tracker.spawn(listening.instrument(tracing::info_span!("telemetry")));
}

/// With the last that holds `ingest` the keeper's way in is gone: it ends when all is kept.
async fn listen(ingest: Arc<Ingest>, ears: Ears, place: Participant, intentions: Intentions) {
    let mut phases = place.phases();
    let end = place.end().clone();
    // A drain may be called off: then devices, which wait at the door meanwhile, are let in again.
    loop {
        let open = async { phases.wait_for(|phase| phase.takes_work()).await.is_ok() };
        if end.run_until_cancelled(open).await != Some(true) {
            return;
        }
        let closed = end.child_token();
        let closing = async {
            let _ = closed.run_until_cancelled(phases.wait_for(|phase| !phase.takes_work())).await;
            closed.cancel();
        };
        tokio::join!(
            closing,
            tcp::listen(&ingest, &ears.tcp, &closed),
            udp::listen(&ingest, &ears.udp, &closed),
            closed.run_until_cancelled(leave_offline(&intentions)),
            closed.run_until_cancelled(retell(&intentions)),
            closed.run_until_cancelled(commands::hand_out(&ingest)),
        );
    }
}

async fn leave_offline(intentions: &Intentions) {
    let mut ticks = tokio::time::interval(SILENT_LOOKED_FOR_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = intentions.leave_offline(DEVICE_OFFLINE_AFTER).await {
            tracing::debug!(%error, "devices that fell silent could not be looked for");
        }
    }
}

/// Stories that something came late for are told anew.
async fn retell(intentions: &Intentions) {
    let mut ticks = tokio::time::interval(RETOLD_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = intentions.retell_devices().await {
            tracing::debug!(%error, "stories of devices could not be told anew; tried again shortly");
        }
    }
}

impl Ingest {
    /// Who introduces itself so; made, where that is done.
    async fn find(&self, imei: Imei) -> Result<Option<Uuid>, store::Error> {
        match (store::device::find_device_by_imei(&self.pool, imei.as_str()).await?, &self.enrol) {
            (None, Some(enrol)) => Ok(enrol.enrol(imei).await),
            (found, _) => Ok(found),
        }
    }

    /// Answers when the frame is durable, or not taken.
    #[expect(clippy::disallowed_methods, reason = "when a record came decides whether its own time can be")]
    async fn append(&self, device_id: Uuid, imei: Imei, carrier: Carrier, bytes: &[u8], records: Vec<Record>) -> Appended {
        let received_at = Utc::now();
        self.stream.append(Frame { device_id, imei, received_at, carrier, bytes: Arc::from(bytes), records }).await
    }

    /// Counts a frame until it is answered.
    fn under_way(&self) -> UnderWay {
        self.open.fetch_add(1, Relaxed);
        UnderWay(Arc::clone(&self.open))
    }
}

struct UnderWay(Arc<AtomicUsize>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
