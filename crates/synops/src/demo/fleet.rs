//! Devices of the demonstration: made up, and driving about for as long as the server runs.

use super::content::{FLEET, id};
use crate::address;
use crate::simulator::{self, Ends, Faults, Plan};
use crate::stage::Stage;
use domain::Intention;
use domain::device::DevicePatch;
use domain::geofence::GeofencePatch;
use domain::telemetry::{Place, Shape};
use std::net::SocketAddr;
use std::time::Duration;
use uuid::Uuid;

/// Of which there are how many, and what they send with.
const KINDS: [(&str, u32, &str); 4] =
    [("Van", 12, "FMC130"), ("Truck", 6, "FMC650"), ("Bus", 4, "FMB920"), ("Snow plough", 3, "FMM130")];
const DEVICES: u32 = 25;
/// Of the range that is for tests, and not those of `synops devices simulate`.
const FIRST_IMEI: u64 = 102_000_000_000;
/// Each tells where it is so often.
const EVERY_S: f64 = 5.0;
/// Oslo.
const AROUND: Place = Place::new(10.75, 59.91);

/// What makes them, each with its id.
pub(super) fn devices() -> Vec<(Uuid, Intention)> {
    let titles = KINDS.iter().flat_map(|(kind, many, model)| (1..=*many).map(move |n| (format!("{kind} {n}"), *model)));
    titles
        .zip(0_u32..)
        .filter_map(|((title, model), number)| {
            let device = DevicePatch {
                imei: Some(plan(SocketAddr::from(([127, 0, 0, 1], 0))).imei(number)?.to_string()),
                model: Some(model.to_owned()),
            };
            let id = id(0x200 + u64::from(number));
            Some((id, Intention::CreateDevice { id: Some(id), parent_id: FLEET, title, body: String::new(), device }))
        })
        .collect()
}

/// Places that they pass, each with its id.
pub(super) fn geofences() -> Vec<(Uuid, Intention)> {
    let circle = |longitude, latitude, radius_m| Shape::Circle { center: [longitude, latitude], radius_m };
    let ring = Shape::Polygon { points: vec![[10.62, 59.94], [10.76, 59.97], [10.9, 59.93], [10.87, 59.85], [10.7, 59.83]] };
    let all = [
        ("Depot", circle(10.79, 59.92, 1_500.0), Some(600)),
        ("Harbour", circle(10.72, 59.9, 1_200.0), None),
        ("Toll ring", ring, None),
    ];
    all.into_iter()
        .zip(0_u64..)
        .map(|((title, shape, dwell_s), number)| {
            let (id, geofence) = (id(0x300 + number), GeofencePatch { shape: Some(shape), dwell_s: Some(dwell_s) });
            let title = title.to_owned();
            (id, Intention::CreateGeofence { id: Some(id), parent_id: FLEET, title, body: String::new(), geofence })
        })
        .collect()
}

/// Has them send to where this server listens to devices, until the stage ends.
pub(crate) fn drive(listening: SocketAddr, stage: &Stage) {
    let (plan, stop) = (plan(address::own(listening)), stage.stop.clone());
    stage.tasks.spawn(async move {
        if let Err(error) = simulator::run(plan, None, &stop, Duration::ZERO, |_| {}).await {
            tracing::warn!(%error, "the demonstration's devices have stopped");
        }
    });
}

fn plan(to: SocketAddr) -> Plan {
    Plan {
        to,
        devices: DEVICES,
        first_imei: FIRST_IMEI,
        rate: Some(f64::from(DEVICES) / EVERY_S),
        records_per_frame: 1,
        ends: Ends::Never,
        faults: Faults::default(),
        seed: 1,
        around: AROUND,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_device_that_drives_can_be_made() {
        assert_eq!(devices().len(), DEVICES as usize);
        assert_eq!(KINDS.iter().map(|(_, many, _)| many).sum::<u32>(), DEVICES);
        for (_, intention) in devices().into_iter().chain(geofences()) {
            intention.validate().expect("it can be made");
        }
    }
}
