//! Fences: places on the map that devices enter and leave.

mod index;

pub use index::FenceIndex;

use super::place::Place;
use crate::limits::{
    FENCE_DWELL_MAX_S, FENCE_POINTS_MAX, FENCE_POINTS_MIN, FENCE_RADIUS_MAX_M, FENCE_RADIUS_MIN_M, FENCE_SPAN_MAX_DEGREES,
};
use crate::refusal::Refusal;
use chrono::{DateTime, Utc};
use geo::line_intersection::{LineIntersection, line_intersection};
use geo::{Coord, Line};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Sides are straight on a map with degrees as its units (as RFC 7946, 3.1.1 has it) and take the shorter way
/// around the globe. Whoever is on a side is inside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    Polygon {
        /// `[longitude, latitude]` in degrees, in order; the ring closes by itself.
        points: Vec<[f64; 2]>,
    },
    Circle {
        /// `[longitude, latitude]` in degrees.
        center: [f64; 2],
        radius_m: f64,
    },
}

/// A fence as it is from one time until another. One that was changed is several of these with one id, so
/// that the past can be told anew as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Fence {
    pub id: Uuid,
    pub shape: Shape,
    /// It is told when a device has been inside for so many seconds.
    pub dwell_s: Option<i32>,
    pub from: DateTime<Utc>,
    /// Not itself in it; `None`: it still holds.
    pub until: Option<DateTime<Utc>>,
}

impl Fence {
    pub(super) fn holds_at(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// Refuses what no dwell time can be.
pub fn validate_dwell(dwell_s: Option<i32>) -> Result<(), Refusal> {
    match dwell_s {
        Some(seconds) if !(1..=FENCE_DWELL_MAX_S).contains(&seconds) => {
            Err(Refusal::invalid("dwell_s", format!("from 1 to {FENCE_DWELL_MAX_S}")))
        }
        _ => Ok(()),
    }
}

impl Shape {
    /// Refuses what is no shape; fields are named as they stand in it: `points[3]`.
    pub fn validate(&self) -> Result<(), Refusal> {
        match self {
            Self::Polygon { points } => validate_points(points),
            Self::Circle { center, radius_m } => {
                validate_place("center", *center)?;
                let fits = (FENCE_RADIUS_MIN_M..=FENCE_RADIUS_MAX_M).contains(radius_m);
                let expects = || Refusal::invalid("radius_m", format!("from {FENCE_RADIUS_MIN_M} to {FENCE_RADIUS_MAX_M}"));
                if fits { Ok(()) } else { Err(expects()) }
            }
        }
    }
}

fn validate_place(field: &str, [longitude, latitude]: [f64; 2]) -> Result<(), Refusal> {
    if Place::new(longitude, latitude).exists() {
        return Ok(());
    }
    Err(Refusal::invalid(field, "[longitude from -180 to 180, latitude from -90 to 90]"))
}

fn validate_points(points: &[[f64; 2]]) -> Result<(), Refusal> {
    if !(FENCE_POINTS_MIN..=FENCE_POINTS_MAX).contains(&points.len()) {
        return Err(Refusal::invalid("points", format!("{FENCE_POINTS_MIN} to {FENCE_POINTS_MAX} points")));
    }
    for (index, point) in points.iter().enumerate() {
        validate_place(&format!("points[{index}]"), *point)?;
    }
    let ring = unwrapped(points);
    let (mut west, mut east) = (f64::INFINITY, f64::NEG_INFINITY);
    for corner in &ring {
        (west, east) = (west.min(corner.x), east.max(corner.x));
    }
    if east - west > FENCE_SPAN_MAX_DEGREES {
        return Err(Refusal::invalid("points", format!("at most {FENCE_SPAN_MAX_DEGREES} degrees from west to east")));
    }
    let sides: Vec<Line<f64>> = sides(&ring).collect();
    if let Some(index) = sides.iter().position(|side| side.start == side.end) {
        let expects = "another place than the next point (the ring closes by itself)";
        return Err(Refusal::invalid(format!("points[{index}]"), expects));
    }
    for (index, side) in sides.iter().enumerate() {
        for (other, later) in sides.iter().enumerate().skip(index + 1) {
            let neighbours = other == index + 1 || (index == 0 && other == sides.len() - 1);
            if crosses(*side, *later, neighbours) {
                return Err(Refusal::invalid(
                    format!("points[{index}]"),
                    format!("a side that doesn't meet that from points[{other}]"),
                ));
            }
        }
    }
    Ok(())
}

/// Neighbours meet at the corner between them, and nowhere else.
fn crosses(side: Line<f64>, other: Line<f64>, neighbours: bool) -> bool {
    match line_intersection(side, other) {
        None => false,
        Some(LineIntersection::SinglePoint { .. }) => !neighbours,
        Some(LineIntersection::Collinear { .. }) => true,
    }
}

fn sides(ring: &[Coord<f64>]) -> impl Iterator<Item = Line<f64>> {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(from, to)| Line::new(*from, *to))
}

/// The corners with longitudes that go on beyond ±180° instead of jumping to the other side.
pub(super) fn unwrapped(points: &[[f64; 2]]) -> Vec<Coord<f64>> {
    let mut at = points.first().map_or(0.0, |point| point[0]);
    let step = |[longitude, latitude]: &[f64; 2]| {
        let mut by = longitude - at;
        by -= (by / 360.0).round() * 360.0;
        at += by;
        Coord { x: at, y: *latitude }
    };
    points.iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(points: &[[f64; 2]]) -> Shape {
        Shape::Polygon { points: points.to_vec() }
    }

    #[test]
    fn a_shape_can_be_on_a_map() {
        let check = |shape: Shape, expect: Option<&str>| {
            let field = shape.validate().err().map(|refusal| match refusal {
                Refusal::Invalid { field, .. } => field,
                other => panic!("{other}"),
            });
            assert_eq!(field.as_deref(), expect, "{shape:?}");
        };
        check(polygon(&[[10.0, 59.0], [11.0, 59.0], [11.0, 60.0]]), None);
        // Over 180°.
        check(polygon(&[[179.0, 0.0], [-179.0, 0.0], [-179.0, 1.0], [179.0, 1.0]]), None);
        // Not convex, and an hourglass.
        check(polygon(&[[0.0, 0.0], [4.0, 0.0], [2.0, 1.0], [4.0, 2.0], [0.0, 2.0]]), None);
        check(polygon(&[[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]), Some("points[0]"));
        // A corner on another side, a spike, a line.
        check(polygon(&[[0.0, 0.0], [4.0, 0.0], [4.0, 2.0], [2.0, 0.0], [0.0, 2.0]]), Some("points[0]"));
        check(polygon(&[[0.0, 0.0], [4.0, 0.0], [2.0, 0.0], [2.0, 2.0]]), Some("points[0]"));
        check(polygon(&[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]), Some("points[0]"));
        // The same point twice, and a ring that was closed by hand.
        check(polygon(&[[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 1.0]]), Some("points[1]"));
        check(polygon(&[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]), Some("points[3]"));
        check(polygon(&[[0.0, 0.0], [1.0, 0.0]]), Some("points"));
        check(polygon(&vec![[0.0, 0.0]; 501]), Some("points"));
        check(polygon(&[[0.0, 0.0], [181.0, 0.0], [1.0, 1.0]]), Some("points[1]"));
        check(polygon(&[[0.0, 0.0], [1.0, f64::NAN], [1.0, 1.0]]), Some("points[1]"));
        // Around the pole.
        check(polygon(&[[0.0, 80.0], [90.0, 80.0], [179.0, 80.0], [-90.0, 80.0]]), Some("points"));
        let circle = |center, radius_m| Shape::Circle { center, radius_m };
        check(circle([10.0, 59.0], 10.0), None);
        check(circle([10.0, 59.0], 500_000.0), None);
        check(circle([10.0, 59.0], 9.9), Some("radius_m"));
        check(circle([10.0, 59.0], f64::NAN), Some("radius_m"));
        check(circle([10.0, 90.1], 100.0), Some("center"));
    }

    #[test]
    fn a_shape_is_written_as_the_api_has_it() {
        let check = |json: &str, expect: bool| {
            let shape = serde_json::from_str::<Shape>(json);
            assert_eq!(shape.is_ok(), expect, "{json}");
            if let Ok(shape) = shape {
                assert_eq!(serde_json::to_string(&shape).unwrap(), json);
            }
        };
        check(r#"{"type":"polygon","points":[[10.5,59.0],[11.0,59.0],[11.0,60.0]]}"#, true);
        check(r#"{"type":"circle","center":[10.5,59.25],"radius_m":150.0}"#, true);
        check(r#"{"type":"square"}"#, false);
        check(r#"{"type":"circle","center":[10.5],"radius_m":150.0}"#, false);
        check(r#"{"type":"circle","center":[10.5,59.25],"radius_m":150.0,"color":"red"}"#, false);
    }

    #[test]
    fn a_dwell_time_has_bounds() {
        let check = |dwell_s: Option<i32>, expect: bool| assert_eq!(validate_dwell(dwell_s).is_ok(), expect, "{dwell_s:?}");
        check(None, true);
        check(Some(1), true);
        check(Some(0), false);
        check(Some(FENCE_DWELL_MAX_S), true);
        check(Some(FENCE_DWELL_MAX_S + 1), false);
    }
}
