use millpond::kv::DeleteTableRequest;

use super::{
    Answered, checks,
    table::{Changed, Description},
};
use crate::aws::{
    Call,
    json::{self, Text, members},
};

members! {
    Request {
        table_name: Text = "TableName",
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let request = DeleteTableRequest { table_name: checks::table_name(given.table_name)? };
    let output = call.pond.kv().delete_table(&request)?;
    json::write(&Changed { table_description: Description::new(&output.table_description, call.region) })
}
