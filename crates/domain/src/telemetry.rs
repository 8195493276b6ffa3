//! Fleet telemetry, the part without IO: what devices send, which of it can be true, and what becomes of it.

pub mod codec;
pub mod fence;
pub mod fold;
pub mod imei;
pub mod io;
pub mod place;
pub mod replay;
pub mod story;
pub mod stream;
pub mod track;
pub mod truth;

pub use fence::{Fence, FenceIndex, Shape};
pub use fold::{DeviceState, Happening, Motion};
pub use imei::Imei;
pub use place::Place;
pub use story::{Story, Visit, tell};
pub use truth::{Faulty, Position};

/// A bound as time that is reckoned with.
fn span(bound: std::time::Duration) -> chrono::Duration {
    chrono::Duration::from_std(bound).unwrap_or(chrono::Duration::MAX)
}
