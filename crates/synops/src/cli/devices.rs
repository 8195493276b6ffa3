//! `synops devices`: its arguments.

use super::Json;
use super::maintenance::parse_span;
use crate::simulator::RECORDS_PER_FRAME_MAX;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use domain::limits::TELEMETRY_CONNECTIONS_MAX;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Beyond, a run ends by itself only when it is interrupted.
const MINUTES_MAX: f64 = 100_000.0;
const RATE_MAX: f64 = 1e7;
/// Of a device in a day, at least one record.
const RATE_MIN_PER_DEVICE: f64 = 1.0 / 86_400.0;
/// With more a frame would hardly ever come through.
const SHARE_MAX: f64 = 0.9;

#[derive(Debug, Subcommand)]
pub enum DevicesVerb {
    /// Drive made-up devices about, which send to a server over TCP (codec 8 Extended).
    ///
    /// Each tells where it is until the server has acknowledged it, whatever happens on the way. Progress goes to
    /// standard error each second, totals to standard output at the end. Without --minutes or --records it runs
    /// until it is interrupted.
    #[command(
        after_help = "Examples:\n  synops devices simulate --create --in Fleet\n  synops devices simulate --devices 10000 --rate 5000 --minutes 5 --loss 0.01 --reconnect-every 60 --json"
    )]
    Simulate(Box<SimulateArgs>),
    /// Have a device told something, and wait for its answer.
    ///
    /// It is sent over the device's own connection as soon as it is there; one that is away is told when it comes,
    /// within a day. Ends with 1 when there is no answer by the end of --wait, or none came.
    #[command(
        after_help = "Example:\n  synops devices command 356307042441013 getinfo\n  synops devices command 356307042441013 'setdigout 1' --codec 14 --wait 5m"
    )]
    Command {
        /// Its IMEI or its id.
        device: String,
        text: String,
        /// 12, or 14: then only the device with this IMEI answers.
        #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(i16).range(12..=14))]
        codec: i16,
        /// How long to wait for the answer: 45s, 30m, 2h.
        #[arg(long, value_name = "SPAN", default_value = "90s", value_parser = parse_span)]
        wait: Duration,
        #[command(flatten)]
        json: Json,
    },
    /// Tell a device's trips, stops, timing records and state anew from its positions.
    ///
    /// Nothing changes unless they were made wrong. It is done within seconds, by a server that keeps records.
    Retell {
        /// Its IMEI or its id.
        device: String,
        /// From then on, with its offset from UTC.
        #[arg(long, value_name = "TIME")]
        from: DateTime<Utc>,
    },
    /// Mark a device's positions as faulty: kept, and left out of trails, trips, stops and timing records.
    Mark {
        /// Its IMEI or its id.
        device: String,
        #[arg(long, value_name = "TIME")]
        from: DateTime<Utc>,
        /// Those of that instant are not marked any more.
        #[arg(long, value_name = "TIME")]
        to: DateTime<Utc>,
        /// Take it back.
        #[arg(long)]
        undo: bool,
    },
}

#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Where the server listens to devices; telemetry.listen if absent.
    #[arg(long, value_name = "ADDRESS")]
    pub to: Option<SocketAddr>,
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=TELEMETRY_CONNECTIONS_MAX as i64))]
    pub devices: u32,
    /// Records a second, of all devices together; 0: as fast as they are acknowledged. Each sends one every 5 s if
    /// absent. What is sent faster than a record a second and device is told of the past.
    #[arg(long, value_parser = rate)]
    pub rate: Option<f64>,
    /// Records that are sent, and acknowledged, together.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(RECORDS_PER_FRAME_MAX)))]
    pub records_per_frame: u32,
    /// Ends after so long.
    #[arg(long, value_parser = minutes, conflicts_with = "records")]
    pub minutes: Option<f64>,
    /// Ends after so many records, of all devices together.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub records: Option<u64>,
    /// The share of frames (0 to 0.9) whose connection is cut before they are acknowledged.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    pub loss: f64,
    /// The share of frames that are sent again though they were acknowledged.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    pub duplicates: f64,
    /// All hang up and come again at once, so often.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub reconnect_every: Option<u64>,
    /// So many frames besides, as a share, that can't be kept: with a wrong CRC, or of the year 2000.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    pub poison: f64,
    /// The same drives, and the same faults, for the same number.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The IMEI of the first device, 14 digits without the check digit; the others follow. By default from the range
    /// that is for tests.
    #[arg(long, value_name = "DIGITS", default_value = "00101000000000", value_parser = first_imei)]
    pub first_imei: u64,
    /// Make those of the devices that are not there yet, in the server's database.
    #[arg(long, requires = "in_workspace")]
    pub create: bool,
    /// The title or the id of the workspace that --create makes devices in.
    #[arg(long = "in", value_name = "WORKSPACE", id = "in_workspace")]
    pub in_workspace: Option<String>,
    /// Write a line for each acknowledged record: IMEI, time in ms, digest, longitude, latitude, and "poison" for what
    /// can't be kept.
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    #[command(flatten)]
    pub json: Json,
}

impl SimulateArgs {
    /// Refuses what only shows when all is known.
    pub(crate) fn validate(&self) -> Result<(), String> {
        match self.rate {
            Some(rate) if rate > 0.0 && rate / f64::from(self.devices) < RATE_MIN_PER_DEVICE => {
                Err("--rate: less than one record a day of each device".to_owned())
            }
            _ => Ok(()),
        }
    }
}

fn number(text: &str, min: f64, max: f64) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| format!("a number from {min} to {max}"))
}

fn rate(text: &str) -> Result<f64, String> {
    number(text, 0.0, RATE_MAX)
}

fn minutes(text: &str) -> Result<f64, String> {
    number(text, 0.0, MINUTES_MAX)
}

fn share(text: &str) -> Result<f64, String> {
    number(text, 0.0, SHARE_MAX)
}

fn first_imei(text: &str) -> Result<u64, String> {
    let is_one = text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_one).ok_or_else(|| "14 digits".to_owned())
}

#[cfg(test)]
mod tests {
    use crate::cli::{Cli, DevicesVerb, Verb};
    use clap::Parser;

    #[test]
    fn what_can_be_simulated() {
        let check = |arguments: &str, expect: bool| {
            let line = format!("synops devices simulate {arguments}");
            let taken = match Cli::try_parse_from(line.split_whitespace()).map(|cli| cli.verb) {
                Ok(Verb::Devices(DevicesVerb::Simulate(args))) => args.validate().is_ok(),
                _ => false,
            };
            assert_eq!(taken, expect, "{arguments}");
        };
        check("", true);
        check("--devices 10000 --rate 5000 --minutes 0.5 --loss 0.01 --duplicates 0.1 --poison 0.001 --reconnect-every 60", true);
        check("--devices 0", false);
        check("--devices 20001", false);
        check("--rate 0", true);
        check("--rate -1", false);
        check("--rate 0.000001", false);
        check("--rate nan", false);
        check("--minutes 1 --records 5", false);
        check("--loss 1", false);
        check("--records-per-frame 20", true);
        check("--records-per-frame 21", false);
        check("--first-imei 35630704244101", true);
        check("--first-imei 356307042441013", false);
        check("--create", false);
        check("--create --in Fleet", true);
    }
}
