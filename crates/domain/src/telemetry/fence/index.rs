//! Which fences a place is in: a tree of boxes around them, then the shape itself.

use super::{Fence, Shape, unwrapped};
use crate::telemetry::place::Place;
use chrono::{DateTime, Utc};
use geo::{Coord, Intersects, LineString, Polygon};
use rstar::{AABB, Envelope, RTree, RTreeObject};

/// The globe as [`Place::metres_to`] has it.
const EARTH_RADIUS_M: f64 = 6_371_008.8;
/// Boxes are made a little larger than need be: about a metre.
const BOX_MARGIN_DEGREES: f64 = 1e-5;

/// All fences of an installation, to be asked for each position.
#[derive(Default)]
pub struct FenceIndex {
    tree: RTree<Entry>,
}

struct Entry {
    fence: Fence,
    area: Area,
    around: AABB<[f64; 2]>,
}

enum Area {
    Polygon(Polygon<f64>),
    Circle(Place, f64),
}

impl RTreeObject for Entry {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.around
    }
}

impl FenceIndex {
    /// Of valid shapes; a fence that changed comes several times.
    pub fn new(fences: impl IntoIterator<Item = Fence>) -> Self {
        Self { tree: RTree::bulk_load(fences.into_iter().map(Entry::new).collect()) }
    }

    pub fn len(&self) -> usize {
        self.tree.size()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The fences that held at that time and have the place in them, by id.
    pub fn containing(&self, place: Place, at: DateTime<Utc>) -> Vec<&Fence> {
        if !place.exists() || self.is_empty() {
            return Vec::new();
        }
        let whole = self.tree.root().envelope();
        // A fence over 180° has its box on one side of it.
        let ways = [0.0, 360.0, -360.0].map(|turn| [place.longitude + turn, place.latitude]);
        let mut found: Vec<&Fence> = ways
            .iter()
            .filter(|point| whole.contains_point(point))
            .flat_map(|point| {
                let boxes = self.tree.locate_in_envelope_intersecting(&AABB::from_point(*point));
                boxes.filter(|entry| entry.fence.holds_at(at) && entry.area.contains(*point, place))
            })
            .map(|entry| &entry.fence)
            .collect();
        found.sort_by_key(|fence| fence.id);
        found.dedup_by_key(|fence| fence.id);
        found
    }
}

impl Entry {
    fn new(fence: Fence) -> Self {
        let (area, around) = match &fence.shape {
            Shape::Polygon { points } => {
                let ring = unwrapped(points);
                let around = AABB::from_points(ring.iter().map(|corner| [corner.x, corner.y]).collect::<Vec<_>>().iter());
                (Area::Polygon(Polygon::new(LineString::new(ring), Vec::new())), around)
            }
            Shape::Circle { center: [longitude, latitude], radius_m } => {
                let center = Place::new(*longitude, *latitude);
                (Area::Circle(center, *radius_m), box_around(center, *radius_m))
            }
        };
        Self { fence, area, around }
    }
}

impl Area {
    /// `point` is the place on the side of 180° where the box is.
    fn contains(&self, point: [f64; 2], place: Place) -> bool {
        match self {
            Self::Polygon(polygon) => polygon.intersects(&Coord { x: point[0], y: point[1] }),
            Self::Circle(center, radius_m) => center.metres_to(place) <= *radius_m,
        }
    }
}

/// The box of a circle on the globe; one with a pole in it goes all the way around.
fn box_around(center: Place, radius_m: f64) -> AABB<[f64; 2]> {
    let angle = radius_m / EARTH_RADIUS_M;
    let high = angle.to_degrees() + BOX_MARGIN_DEGREES;
    let (south, north) = (center.latitude - high, center.latitude + high);
    let wide = if south <= -90.0 || north >= 90.0 {
        180.0
    } else {
        (angle.sin() / center.latitude.to_radians().cos()).asin().to_degrees() + BOX_MARGIN_DEGREES
    };
    let (west, east) = if wide >= 180.0 { (-180.0, 180.0) } else { (center.longitude - wide, center.longitude + wide) };
    AABB::from_corners([west, south], [east, north])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn time(s: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(s, 0).expect("a time")
    }

    fn fence(id: u128, shape: Shape) -> Fence {
        Fence { id: Uuid::from_u128(id), shape, dwell_s: None, from: time(0), until: None }
    }

    fn circle(center: [f64; 2], radius_m: f64) -> Shape {
        Shape::Circle { center, radius_m }
    }

    #[test]
    fn who_is_inside() {
        let polygon = |points: &[[f64; 2]]| Shape::Polygon { points: points.to_vec() };
        let index = FenceIndex::new([
            fence(1, polygon(&[[0.0, 0.0], [4.0, 0.0], [2.0, 1.0], [4.0, 2.0], [0.0, 2.0]])),
            fence(2, polygon(&[[179.0, 10.0], [-179.0, 10.0], [-179.0, 11.0], [179.0, 11.0]])),
            fence(3, circle([-180.0, 10.5], 120_000.0)),
            fence(4, circle([20.0, 89.0], 300_000.0)),
            fence(5, circle([1.0, 1.0], 100.0)),
        ]);
        let check = |longitude: f64, latitude: f64, expect: &[u128]| {
            let found = index.containing(Place::new(longitude, latitude), time(1));
            let ids: Vec<u128> = found.iter().map(|fence| fence.id.as_u128()).collect();
            assert_eq!(ids, expect, "{longitude} {latitude}");
        };
        check(1.0, 1.0, &[1, 5]);
        check(1.0, 1.001, &[1]);
        // In the notch, on a side, on a corner, beyond.
        check(3.5, 1.0, &[]);
        check(2.0, 0.0, &[1]);
        check(0.0, 0.0, &[1]);
        check(-0.000_000_1, 0.0, &[]);
        check(180.0, 10.5, &[2, 3]);
        check(-180.0, 10.5, &[2, 3]);
        check(179.5, 10.5, &[2, 3]);
        check(-179.5, 10.5, &[2, 3]);
        check(178.95, 10.5, &[3]);
        check(0.0, 10.5, &[]);
        // Over the pole: the other side of it is near.
        check(-160.0, 89.0, &[4]);
        check(20.0, 89.0, &[4]);
        check(-160.0, 87.0, &[]);
        check(f64::NAN, 1.0, &[]);
    }

    #[test]
    fn a_fence_holds_for_its_time() {
        let mut first = fence(1, circle([0.0, 0.0], 1_000.0));
        first.until = Some(time(10));
        let mut second = fence(1, circle([1.0, 0.0], 1_000.0));
        second.from = time(10);
        let index = FenceIndex::new([first, second]);
        let check = |longitude: f64, s: i64, expect: usize| {
            assert_eq!(index.containing(Place::new(longitude, 0.0), time(s)).len(), expect, "{longitude} {s}");
        };
        check(0.0, -1, 0);
        check(0.0, 0, 1);
        check(0.0, 9, 1);
        check(0.0, 10, 0);
        check(1.0, 9, 0);
        check(1.0, 10, 1);
    }

    proptest! {
        /// The boxes leave nobody out, wherever on the globe.
        #[test]
        fn a_circle_is_whole(x in -180.0..=180.0_f64, y in -90.0..=90.0_f64, radius in 10.0..=500_000.0_f64, by in 0.0..1.2_f64, way in 0.0..360.0_f64) {
            use geo::{Destination, Haversine, Point};
            let to = Haversine.destination(Point::new(x, y), way, radius * by);
            let longitude = (to.x() + 540.0).rem_euclid(360.0) - 180.0;
            let place = Place::new(longitude, to.y().clamp(-90.0, 90.0));
            let index = FenceIndex::new([fence(1, circle([x, y], radius))]);
            let inside = Place::new(x, y).metres_to(place) <= radius;
            prop_assert_eq!(!index.containing(place, time(1)).is_empty(), inside);
        }
    }
}
