mod guarantees;
mod instances;
mod interleavings;
mod model;
mod redis;
