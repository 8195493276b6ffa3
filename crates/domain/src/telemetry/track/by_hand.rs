//! Timing records the slow way, for tests to compare with: every position against every fence, by other
//! arithmetic than [`crate::telemetry::FenceIndex`] and [`crate::telemetry::fold`] use.

use crate::telemetry::fence::{Fence, Shape};
use crate::telemetry::place::Place;
use crate::telemetry::story::Visit;
use chrono::{DateTime, Utc};
use uuid::Uuid;

const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// Of the true positions of one device, in any order, one for each time. Fences that come several times hold
/// at different times. Dwell times aren't looked at.
pub fn visits_by_hand(positions: &[(DateTime<Utc>, Place)], fences: &[Fence]) -> Vec<Visit> {
    let mut positions = positions.to_vec();
    positions.sort_by_key(|(at, _)| *at);
    let mut ids: Vec<Uuid> = fences.iter().map(|fence| fence.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut visits: Vec<Visit> = ids.into_iter().flat_map(|id| of_fence(&positions, id, fences)).collect();
    visits.sort();
    visits
}

fn of_fence(positions: &[(DateTime<Utc>, Place)], id: Uuid, fences: &[Fence]) -> Vec<Visit> {
    let fences: Vec<&Fence> = fences.iter().filter(|fence| fence.id == id).collect();
    let mut visits: Vec<Visit> = Vec::new();
    let mut was_inside = false;
    for (at, place) in positions {
        let holds = |fence: &&&Fence| fence.from <= *at && fence.until.is_none_or(|until| until > *at);
        let inside = fences.iter().filter(holds).any(|fence| is_in(&fence.shape, *place));
        match (was_inside, inside) {
            (false, true) => visits.push(Visit { entered_at: *at, fence: id, left_at: None, dwelt: false }),
            (true, false) => visits.iter_mut().rev().take(1).for_each(|visit| visit.left_at = Some(*at)),
            (true, true) | (false, false) => (),
        }
        was_inside = inside;
    }
    visits
}

fn is_in(shape: &Shape, place: Place) -> bool {
    match shape {
        Shape::Circle { center: [longitude, latitude], radius_m } => {
            let (here, there) = (on_globe(place), on_globe(Place::new(*longitude, *latitude)));
            let across = here.iter().zip(there).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
            2.0 * EARTH_RADIUS_M * (across / 2.0).min(1.0).asin() <= *radius_m
        }
        Shape::Polygon { points } => {
            // As seen from the place: each corner on the shorter way from the one before it.
            let turn = |by: f64| by - 360.0 * (by / 360.0).round();
            let mut x = turn(points.first().map_or(0.0, |point| point[0]) - place.longitude);
            let mut before = points.first().map_or(0.0, |point| point[0]);
            let mut ring: Vec<(f64, f64)> = Vec::new();
            for [longitude, latitude] in points {
                x += turn(longitude - before);
                before = *longitude;
                ring.push((x, latitude - place.latitude));
            }
            // The ring may have come to lie on the far side of the globe.
            [-360.0, 0.0, 360.0].iter().any(|by| around_origin(&ring, *by))
        }
    }
}

/// Whether an odd number of sides crosses the ray from the origin to the east.
fn around_origin(ring: &[(f64, f64)], by: f64) -> bool {
    let next = ring.iter().cycle().skip(1);
    let crossings = ring.iter().zip(next).filter(|((x1, y1), (x2, y2))| {
        let up = (*y1 > 0.0) != (*y2 > 0.0);
        up && x1 + by + (x2 - x1) * (0.0 - y1) / (y2 - y1) > 0.0
    });
    crossings.count() % 2 == 1
}

/// As a unit vector.
fn on_globe(place: Place) -> [f64; 3] {
    let (longitude, latitude) = (place.longitude.to_radians(), place.latitude.to_radians());
    [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
}
