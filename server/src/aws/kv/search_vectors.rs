//! Searching by vectors. Tables are not given vector indexes, so there is none to search.

use millpond::kv::DescribeTimeToLiveRequest;

use super::{
    Answered,
    checks::{self, Checks},
    value::Attributes,
};
use crate::aws::{
    Call,
    json::{self, Elements, Failure, Text, Whole, members},
};

const MAX_TOP: i64 = 100;
const MAX_DIMENSIONS: usize = 4096;

members! {
    Request {
        table_name: Text = "TableName",
        index_name: Text = "IndexName",
        search_vector: Elements<serde::de::IgnoredAny> = "SearchVector",
        top_k: Whole = "TopK",
        expression_attribute_values: Attributes = "ExpressionAttributeValues",
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let mut checks = Checks::default();
    let table_name = checks.named_table(given.table_name);
    let index_name = checks.required(checks::text(given.index_name), "indexName");
    let vector = checks.required(given.search_vector.map(|vector| vector.0.len()), "searchVector");
    let top = checks.required(given.top_k.map(|top| top.0), "topK");
    checks.finish()?;
    checks::values(given.expression_attribute_values)?;
    if !(1..=MAX_TOP).contains(&top) {
        return Err(Failure::validation(format!(
            "Provided TopK value '{top}' is out of valid range. The value must be between 1 and {MAX_TOP} inclusive"
        )));
    }
    if !(1..=MAX_DIMENSIONS).contains(&vector) {
        return Err(Failure::validation(format!(
            "SearchVector must have between 1 and {MAX_DIMENSIONS} elements, not {vector}"
        )));
    }
    // Only whether the table is there: its own description would count its items.
    call.pond.kv().describe_time_to_live(&DescribeTimeToLiveRequest { table_name })?;
    Err(Failure::validation(format!("The table does not have the specified index: {index_name}")))
}
