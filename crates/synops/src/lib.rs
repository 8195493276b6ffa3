//! The program: configuration, wiring, commands. Everything it does is done by the crates below;
//! here they are put together.

mod address;
pub mod cli;
pub mod config;
mod database;
mod demo;
pub mod doctor;
pub mod exit;
mod home;
mod login;
pub mod logs;
mod managed;
mod open_files;
mod people;
mod preconditions;
mod secret_key;
mod serve;
pub mod signals;
mod simulator;
mod stage;
mod supervisor;
pub mod tls;
pub mod verbs;

pub use serve::{Outside, Ready, Running, serve};
