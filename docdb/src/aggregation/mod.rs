//! Aggregation: pipelines of stages that pull documents through each other.
//!
//! A pipeline is parsed once and opened as often as it runs. A stage is added by a line in [`stage`]'s table and a file
//! beside it, an accumulator by a line in [`accumulator`]'s.

pub(crate) mod accumulator;
mod identity;
mod nested;
mod pipeline;
mod random;
mod rows;
pub(crate) mod stage;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub(crate) use identity::identity;
pub(crate) use pipeline::{Pipeline, Scope, Within};
pub(crate) use random::random;
pub(crate) use rows::{Row, Rows, values};
pub(crate) use stage::{
    geo_near::GeoNear,
    output::Output,
    source::{Source, Statistics},
};
