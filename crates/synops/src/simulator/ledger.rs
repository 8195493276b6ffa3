//! What was acknowledged, written down, for a test to compare with what a server has.

use domain::telemetry::Imei;
use domain::telemetry::codec::Record;
use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Lines that wait to be written, at most; devices wait then.
const WAITING_MAX: usize = 4_096;

/// One line of the file: IMEI, time (ms since 1970), digest (see [`domain::telemetry::codec::digest`]), longitude,
/// latitude, and `poison` for what can't be kept. Of a frame that can't be read the digest is over all of its bytes,
/// and the rest that of its first record.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    imei: Imei,
    at_ms: i64,
    digest: i64,
    longitude: f64,
    latitude: f64,
    poison: bool,
}

impl Line {
    pub(super) fn of(imei: Imei, record: &Record, poison: bool) -> Self {
        let Record { at, digest, longitude, latitude, .. } = *record;
        Self { imei, at_ms: at.timestamp_millis(), digest, longitude, latitude, poison }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { imei, at_ms, digest, longitude, latitude, poison } = self;
        write!(f, "{imei} {at_ms} {digest} {longitude} {latitude}{}", if *poison { " poison" } else { "" })
    }
}

/// The way in; it is written to its end once all of these are gone.
pub(super) struct Ledger(Option<mpsc::Sender<Line>>);

impl Ledger {
    /// Without a file nothing is written.
    pub(super) fn start(file: Option<File>) -> (Self, JoinHandle<std::io::Result<()>>) {
        let (sender, mut receiver) = mpsc::channel::<Line>(WAITING_MAX);
        let is_kept = file.is_some();
        let writing = tokio::task::spawn_blocking(move || {
            let Some(file) = file else { return Ok(()) };
            let mut file = BufWriter::new(file);
            while let Some(line) = receiver.blocking_recv() {
                writeln!(file, "{line}")?;
            }
            file.flush()
        });
        (Self(is_kept.then_some(sender)), writing)
    }

    pub(super) fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    pub(super) async fn write(&self, lines: Vec<Line>) {
        let Some(sender) = &self.0 else { return };
        for line in lines {
            // A file that can't be written ends the run with its error.
            if sender.send(line).await.is_err() {
                return;
            }
        }
    }
}
