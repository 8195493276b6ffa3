//! Devices over UDP: each packet stands for itself, and is answered when it is kept.

use super::Ingest;
use domain::limits::{TELEMETRY_DATAGRAM_MAX_BYTES, TELEMETRY_FRAMES_WAITING_MAX};
use domain::telemetry::stream::{Appended, Carrier};
use domain::telemetry::{Imei, codec};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// After nothing could be read.
const READ_PAUSE: Duration = Duration::from_millis(100);

/// Reads packets until it is closed, and waits for those it has. While too many wait none is read: the system
/// drops them, and devices send them again.
pub(super) async fn listen(ingest: &Arc<Ingest>, socket: &Arc<UdpSocket>, closed: &CancellationToken) {
    let (slots, packets) = (Arc::new(Semaphore::new(TELEMETRY_FRAMES_WAITING_MAX)), TaskTracker::new());
    // A byte more than is taken, so that one that is longer is seen to be.
    let mut buffer = vec![0; TELEMETRY_DATAGRAM_MAX_BYTES + 1];
    loop {
        let next = async {
            ingest.pace.ready().await;
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, socket.recv_from(&mut buffer).await)
        };
        let Some((Ok(slot), received)) = closed.run_until_cancelled(next).await else { break };
        match received {
            Ok((read, from)) => {
                let (bytes, ingest, socket) = (buffer[..read].to_vec(), Arc::clone(ingest), Arc::clone(socket));
                let tracked = ingest.tracker.clone();
                packets.spawn(tracked.track_future(async move {
                    take(&ingest, &socket, from, &bytes).await;
                    drop(slot);
                }));
            }
            Err(error) => {
                tracing::debug!(%error, "no packet could be read");
                tokio::time::sleep(READ_PAUSE).await;
            }
        }
    }
    packets.close();
    packets.wait().await;
}

async fn take(ingest: &Ingest, socket: &UdpSocket, from: SocketAddr, bytes: &[u8]) {
    let _under_way = ingest.under_way();
    let (ids, imei, records) = match codec::datagram(bytes) {
        Ok(of) => ((of.packet_id, of.avl_packet_id), of.imei, Ok(of.records)),
        Err(refused) => match (refused.ids, refused.imei) {
            (Some(ids), Some(imei)) => (ids, imei, Err(refused)),
            // Whose it is can't be told, nor who is to hear that.
            _ => return metrics::counter!("synops_telemetry_refused_frames_total").increment(1),
        },
    };
    ingest.pace.count(records.as_ref().map_or(1, Vec::len));
    let Some(device_id) = find(ingest, imei, records.is_ok()).await else { return };
    let (count, refused) = match records {
        Ok(records) => {
            let count = u8::try_from(records.len()).unwrap_or(u8::MAX);
            match ingest.append(device_id, imei, Carrier::Udp, bytes, records).await {
                Appended::Durable => (count, None),
                Appended::Refused(error) => (count, Some(error)),
                Appended::Unknown => return ingest.known.forget(imei),
                Appended::Later => return,
            }
        }
        Err(refused) => (refused.claims, Some(refused.to_string())),
    };
    let taken = match refused {
        Some(error) if !ingest.desk.refuse(device_id, imei, bytes, &error).await => 0,
        _ => count,
    };
    // One that does not arrive is as one that is lost on its way: the packet comes again.
    let _ = socket.send_to(&codec::acknowledge_datagram(ids.0, ids.1, taken), from).await;
}

/// Whose it is, looked up once in a while. What can't be looked up comes again. Nobody is made for a packet that
/// can't be read.
async fn find(ingest: &Ingest, imei: Imei, is_read: bool) -> Option<Uuid> {
    if let Some(found) = ingest.known.find(imei) {
        return found;
    }
    let found = match is_read {
        true => ingest.find(imei).await,
        false => store::device::find_device_by_imei(&ingest.pool, imei.as_str()).await,
    };
    let found = found.ok()?;
    ingest.known.remember(imei, found);
    found
}
