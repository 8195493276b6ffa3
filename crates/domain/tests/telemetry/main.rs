//! Telemetry, from the bytes that devices send to what becomes of them.

mod codec;
mod drives;
mod laws;
mod processor;
