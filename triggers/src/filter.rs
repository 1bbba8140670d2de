//! The filters of a trigger: a record is handled if one of them matches it.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>

use serde_json::Value;

use crate::{
    Error, Record, Result,
    config::Kind,
    event,
    pattern::{Pattern, Shape},
};

/// Compiled filters.
#[derive(Debug, Clone)]
pub(crate) struct Filters {
    filters: Vec<Filter>,
    /// The name under which the data of a record stand.
    data: &'static str,
}

#[derive(Debug, Clone)]
struct Filter {
    pattern: Pattern,
    /// How it asks for the data, if it does.
    shape: Option<Shape>,
}

impl Filters {
    pub(crate) fn compile(patterns: &[String], kind: Kind) -> Result<Filters> {
        let data = match kind {
            Kind::Queue | Kind::FifoQueue => "body",
            Kind::Stream => "data",
            Kind::Table => "dynamodb",
        };
        let refused = |message| Error::parameter("FilterCriteria", message);
        let mut filters = Vec::new();
        for pattern in patterns {
            let pattern = Pattern::parse(pattern).map_err(refused)?;
            let shapes = pattern.shapes(data);
            if !kind.is_queue() && shapes.contains(&Shape::Values) {
                return Err(refused(format!("the filter pattern for {data} has to be an object")));
            }
            // Where alternatives differ, the data are taken as JSON.
            let shape = if shapes.contains(&Shape::Object) { Some(Shape::Object) } else { shapes.first().copied() };
            filters.push(Filter { pattern, shape });
        }
        Ok(Filters { filters, data })
    }

    /// Whether a record is to be handled.
    pub(crate) fn pass(&self, record: &Record) -> bool {
        if self.filters.is_empty() {
            return true;
        }
        let event = event::filtered(record);
        // What is not in the form that a pattern expects is dropped by it, whatever it asks for.
        let form = match event.get(self.data) {
            Some(Value::Object(_) | Value::Array(_)) => Some(Shape::Object),
            Some(Value::String(_)) if self.data == "body" => Some(Shape::Values),
            Some(_) => Some(Shape::Object),
            None => None,
        };
        let fits = |filter: &&Filter| filter.shape.is_none() || filter.shape == form;
        self.filters.iter().filter(fits).any(|filter| filter.pattern.matches(&event))
    }
}
