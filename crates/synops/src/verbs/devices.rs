//! `synops devices`.

use super::{intentions, print, print_json, refused};
use crate::cli::{DevicesVerb, Json, SimulateArgs};
use crate::config::Config;
use crate::database::Database;
use crate::exit::Outcome;
use crate::open_files;
use crate::people::carry_out;
use crate::signals::Signals;
use crate::simulator::{self, Ends, Faults, Plan};
use anyhow::Context as _;
use domain::Intention;
use domain::device::DevicePatch;
use domain::limits::INTENTIONS_MAX;
use domain::telemetry::Place;
use std::fs::File;
use std::time::Duration;
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Between two looks at whether a device has answered.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Of each device, where nothing else is said.
const RECORD_EVERY_S: f64 = 5.0;
/// What was sent is given so long to be acknowledged.
const FINISH_WITHIN: Duration = Duration::from_secs(30);
/// Files besides the connections.
const FILES_BESIDES: u64 = 64;
/// They drive around Oslo.
const AROUND: Place = Place::new(10.75, 59.91);
const MODEL: &str = "Simulated";

pub async fn run(verb: &DevicesVerb, config: &Config) -> anyhow::Result<Outcome> {
    match verb {
        DevicesVerb::Simulate(args) => simulate(args, config).await,
        DevicesVerb::Command { device, text, codec, wait, json } => {
            let new = |id, device_id| Intention::SendCommand { id: Some(id), device_id, text: text.clone(), codec: *codec };
            visit(config, async |database| command(database, device, new, *wait, *json).await).await
        }
        DevicesVerb::Retell { device, from } => {
            let retell = |device_id| Intention::RetellDevice { device_id, from: *from };
            visit(config, async |database| act(database, device, retell).await).await
        }
        DevicesVerb::Mark { device, from, to, undo } => {
            let mark = |device_id| Intention::MarkPositions { device_id, from: *from, to: *to, faulty: !undo };
            visit(config, async |database| act(database, device, mark).await).await
        }
    }
}

async fn visit(config: &Config, act: impl AsyncFnOnce(&Database) -> anyhow::Result<Outcome>) -> anyhow::Result<Outcome> {
    let database = Database::visit(config).await?;
    let done = act(&database).await;
    database.close().await?;
    done
}

/// By its id or its IMEI.
async fn find(database: &Database, said: &str) -> anyhow::Result<Uuid> {
    match said.parse() {
        Ok(id) => Ok(id),
        Err(_) => {
            let found = store::device::find_device_by_imei(&database.pool, said).await?;
            found.with_context(|| format!("there is no device with the IMEI or id {said:?}"))
        }
    }
}

async fn act(database: &Database, device: &str, intention: impl FnOnce(Uuid) -> Intention) -> anyhow::Result<Outcome> {
    let id = find(database, device).await?;
    carry_out(&intentions(database), vec![intention(id)]).await.map_err(refused)?;
    Ok(Outcome::Done)
}

async fn command(
    database: &Database,
    device: &str,
    new: impl FnOnce(Uuid, Uuid) -> Intention,
    wait: Duration,
    json: Json,
) -> anyhow::Result<Outcome> {
    let (id, until) = (Uuid::now_v7(), Instant::now() + wait);
    act(database, device, |device_id| new(id, device_id)).await?;
    let mut looks = interval(LOOK_EVERY);
    let command = loop {
        looks.tick().await;
        let command = store::device_command::find_command(&database.pool, id).await?.context("the device was deleted")?;
        if !matches!(command.state.as_str(), "queued" | "sent") || Instant::now() >= until {
            break command;
        }
    };
    if json.json {
        print_json(&command)?;
    } else {
        match (command.state.as_str(), &command.answer) {
            (_, Some(answer)) => print(&format!("{answer}\n"))?,
            ("queued", _) => eprintln!("the device is not there; it is told when it comes, within a day"),
            ("sent", _) => eprintln!("the device was told, and has not answered yet"),
            (state, _) => eprintln!("the device did not answer ({state})"),
        }
    }
    Ok(if command.answer.is_some() { Outcome::Done } else { Outcome::Findings })
}

async fn simulate(args: &SimulateArgs, config: &Config) -> anyhow::Result<Outcome> {
    args.validate().map_err(anyhow::Error::msg)?;
    let plan = plan(args, config)?;
    let ledger = args.ledger.as_ref().map(|path| File::create(path).with_context(|| path.display().to_string())).transpose()?;
    let files = open_files::raise_limit();
    let wanted = u64::from(args.devices) + FILES_BESIDES;
    anyhow::ensure!(
        files.is_none_or(|files| files >= wanted),
        "{} devices need {wanted} open files, and this user may have {}: raise it (`ulimit -Hn`), or take fewer devices",
        args.devices,
        files.unwrap_or_default()
    );
    if let (true, Some(workspace)) = (args.create, &args.in_workspace) {
        create(&plan, workspace, config).await?;
    }
    let (signals, stop) = (Signals::new()?, CancellationToken::new());
    let totals = tokio::select! {
        totals = simulator::run(plan, ledger, &stop, FINISH_WITHIN, |totals| eprintln!("{totals}")) => totals?,
        () = signals.until_second(stop.clone()) => anyhow::bail!("stopped at once by a second signal"),
    };
    if args.json.json {
        print_json(&totals)?
    } else {
        print(&format!("{totals}\n"))?
    }
    if totals.acknowledged == 0 && totals.turned_away > 0 {
        eprintln!("the server knows none of these devices: --create --in WORKSPACE makes them");
    }
    Ok(if totals.acknowledged == 0 { Outcome::Findings } else { Outcome::Done })
}

fn plan(args: &SimulateArgs, config: &Config) -> anyhow::Result<Plan> {
    let to = args
        .to
        .or(config.telemetry)
        .context("no server listens to devices here (telemetry.listen is \"off\"): name one by --to")?;
    let rate = match args.rate {
        None => Some(f64::from(args.devices) / RECORD_EVERY_S),
        Some(0.0) => None,
        some => some,
    };
    let ends = match (args.minutes, args.records) {
        (Some(minutes), _) => Ends::After(Duration::from_secs_f64(minutes * 60.0)),
        (None, Some(records)) => Ends::Records(records),
        (None, None) => Ends::Never,
    };
    let faults = Faults {
        loss: args.loss,
        duplicates: args.duplicates,
        poison: args.poison,
        reconnect_every: args.reconnect_every.map(Duration::from_secs),
    };
    let plan = Plan {
        to,
        devices: args.devices,
        first_imei: args.first_imei,
        rate,
        records_per_frame: args.records_per_frame,
        ends,
        faults,
        seed: args.seed,
        around: AROUND,
    };
    anyhow::ensure!(plan.imei(args.devices - 1).is_some(), "--first-imei: there are not so many IMEIs behind it");
    Ok(plan)
}

/// Makes those of the plan's devices that are not there, many by one transaction.
async fn create(plan: &Plan, workspace: &str, config: &Config) -> anyhow::Result<()> {
    let database = Database::visit(config).await?;
    let made = async {
        let parent_id = find_workspace(&database, workspace).await?;
        let mut missing = Vec::new();
        for number in 0..plan.devices {
            let Some(imei) = plan.imei(number) else { continue };
            if store::device::find_device_by_imei(&database.pool, imei.as_str()).await?.is_none() {
                let device = DevicePatch { imei: Some(imei.to_string()), model: Some(MODEL.to_owned()) };
                let title = format!("Simulated {:05}", number + 1);
                missing.push(Intention::CreateDevice { id: None, parent_id, title, body: String::new(), device });
            }
        }
        let intentions = intentions(&database);
        let count = missing.len();
        while !missing.is_empty() {
            let some = missing.drain(..missing.len().min(INTENTIONS_MAX)).collect();
            carry_out(&intentions, some).await.map_err(refused)?;
        }
        eprintln!("{count} devices were made, {} were there", plan.devices as usize - count);
        Ok(())
    };
    let made: anyhow::Result<()> = made.await;
    database.close().await?;
    made
}

async fn find_workspace(database: &Database, said: &str) -> anyhow::Result<Uuid> {
    if let Ok(id) = said.parse() {
        return Ok(id);
    }
    match store::node::list_workspaces_by_title(&database.pool, said, 2).await?.as_slice() {
        [one] => Ok(*one),
        [] => anyhow::bail!("there is no workspace {said:?}"),
        _ => anyhow::bail!("there are several workspaces {said:?}: name one by its id"),
    }
}
