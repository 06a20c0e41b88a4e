//! `sst-fetch` from outside, in temporary folders, without any network.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

mod checks;
mod corpus;
mod dataset;
mod hub;
mod hub_server;
mod labels;
mod model;
mod stanford;
mod support;
mod splits;
mod tables;
mod tiny_bert;
mod web_server;
