//! When a part that has records in hand ends by a fault: what is in memory is written to a file, and the process
//! is to end, so that its supervisor starts it anew. Nothing is lost by that: what was not acknowledged its device
//! sends again, and what waits in a stream is read again. The file says what it was.

use super::held::{Held, HeldFrame};
use super::sent::hex;
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::fs;
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Below the data directory; each file is a [`Dump`] as JSON.
const DIRECTORY: &str = "dumps";
const PREFIX: &str = "telemetry-";
/// Dumps that are kept; the oldest go first.
const DUMPS_MAX: usize = 10;
const DUMP_MAX_BYTES: u64 = 256 << 20;

/// What was in memory when a part ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dump {
    pub at: DateTime<Utc>,
    /// Which part ended: `processor`, say.
    pub part: String,
    /// What it said.
    pub message: String,
    pub frames: Vec<DumpedFrame>,
}

/// A frame that was not kept yet, or not known to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DumpedFrame {
    pub device_id: Uuid,
    pub imei: String,
    pub received_at: DateTime<Utc>,
    /// `tcp` or `udp`.
    pub carrier: String,
    /// How many records it has.
    pub records: usize,
    /// Byte for byte.
    pub hex: String,
}

#[derive(Clone, Debug)]
pub struct Faults {
    data_dir: PathBuf,
    held: Arc<Held>,
    failed: CancellationToken,
}

impl Faults {
    /// `failed` is cancelled by the first: the process is to end, and not with 0.
    pub fn new(data_dir: PathBuf, held: Arc<Held>, failed: CancellationToken) -> Self {
        Self { data_dir, held, failed }
    }

    /// Runs a part; a panic in it is told, with what was in memory.
    pub(crate) async fn guard(self, part: &'static str, running: impl Future<Output = ()> + Send) {
        // Nothing of it is looked at afterwards but what is held, which is whole at each moment.
        let Err(panic) = AssertUnwindSafe(running).catch_unwind().await else { return };
        let dump = self.dump(part, said(&*panic));
        let (frames, message) = (dump.frames.len(), &dump.message);
        match write(&self.data_dir, &dump) {
            Ok(path) => {
                tracing::error!(part, message, frames, path = %path.display(), "a part of telemetry failed; the process ends")
            }
            Err(error) => {
                tracing::error!(part, message, frames, %error, "a part of telemetry failed, and what was in memory could not be written; the process ends")
            }
        }
        self.failed.cancel();
    }

    #[expect(clippy::disallowed_methods, reason = "when it happened, for whoever looks at the file")]
    fn dump(&self, part: &str, message: String) -> Dump {
        let frames = self.held.frames().into_iter().map(DumpedFrame::from).collect();
        Dump { at: Utc::now(), part: part.to_owned(), message, frames }
    }
}

impl From<HeldFrame> for DumpedFrame {
    fn from(frame: HeldFrame) -> Self {
        Self {
            device_id: frame.device_id,
            imei: frame.imei.as_str().to_owned(),
            received_at: frame.received_at,
            carrier: frame.carrier.as_str().to_owned(),
            records: frame.records,
            hex: hex(&frame.bytes),
        }
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it said nothing".to_owned())
}

fn write(data_dir: &Path, dump: &Dump) -> std::io::Result<PathBuf> {
    let directory = data_dir.join(DIRECTORY);
    fs::create_dir_all(&directory)?;
    let before = paths(data_dir)?;
    for old in before.iter().take((before.len() + 1).saturating_sub(DUMPS_MAX)) {
        fs::remove_file(old)?;
    }
    // Its time first: names are in order.
    let name = format!("{PREFIX}{:016}-{}.json", dump.at.timestamp_micros(), std::process::id());
    let path = directory.join(name);
    let mut file = fs::File::create(&path)?;
    file.write_all(&serde_json::to_vec(dump)?)?;
    file.sync_all()?;
    Ok(path)
}

/// Those that there are, the oldest first.
fn paths(data_dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(data_dir.join(DIRECTORY)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX)))
        .collect();
    paths.sort();
    Ok(paths)
}

/// The dumps of a data directory, the oldest first; of one that can't be read, why.
///
/// # Errors
///
/// When the directory can't be read.
pub fn list_dumps(data_dir: &Path) -> std::io::Result<Vec<(PathBuf, Result<Dump, String>)>> {
    let read = |path: &Path| {
        if fs::metadata(path).map_err(|error| error.to_string())?.len() > DUMP_MAX_BYTES {
            return Err("it is too long".to_owned());
        }
        let bytes = fs::read(path).map_err(|error| error.to_string())?;
        serde_json::from_slice(&bytes).map_err(|error| error.to_string())
    };
    Ok(paths(data_dir)?.into_iter().map(|path| (path.clone(), read(&path))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::telemetry::Imei;
    use domain::telemetry::stream::{Carrier, Frame};

    fn frame() -> Frame {
        Frame {
            device_id: Uuid::from_u128(7),
            imei: Imei::from_ascii(b"356307042441013").unwrap(),
            received_at: DateTime::UNIX_EPOCH,
            carrier: Carrier::Tcp,
            bytes: Arc::from([1, 0xfe]),
            records: Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_fault_leaves_what_was_in_memory() {
        let dir = tempfile::tempdir().unwrap();
        let held = Arc::new(Held::default());
        let failed = CancellationToken::new();
        let faults = Faults::new(dir.path().to_owned(), Arc::clone(&held), failed.clone());
        faults.clone().guard("fine", async {}).await;
        assert!(!failed.is_cancelled());
        assert_eq!(list_dumps(dir.path()).unwrap(), []);

        let kept = held.hold(&frame());
        drop(held.hold(&frame()));
        let failing = async { panic!("no {}", "more") };
        faults.clone().guard("processor", failing).await;
        assert!(failed.is_cancelled());
        let dumps = list_dumps(dir.path()).unwrap();
        let [(_, Ok(dump))] = &dumps[..] else { panic!("{dumps:?}") };
        assert_eq!((dump.part.as_str(), dump.message.as_str(), dump.frames.len()), ("processor", "no more", 1));
        assert_eq!((dump.frames[0].hex.as_str(), dump.frames[0].imei.as_str()), ("01fe", "356307042441013"));
        drop(kept);

        for _ in 0..2 * DUMPS_MAX {
            faults.clone().guard("processor", async { panic!("again") }).await;
        }
        assert_eq!(list_dumps(dir.path()).unwrap().len(), DUMPS_MAX, "they don't fill the disk");
        fs::write(dir.path().join(DIRECTORY).join("telemetry-9"), "nonsense").unwrap();
        assert!(list_dumps(dir.path()).unwrap().pop().unwrap().1.is_err());
    }
}
