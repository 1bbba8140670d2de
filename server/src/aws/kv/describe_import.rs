use super::{Answered, checks::Checks, import::Import, transfers::IMPORTS};
use crate::aws::{
    Call,
    json::{self, Text, members},
};

members! {
    Request { import_arn: Text = "ImportArn" }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let mut checks = Checks::default();
    let import_arn = checks.arn(given.import_arn, "importArn");
    checks.finish()?;
    let import: Import = IMPORTS.need(call.pond.engine(), &import_arn)?;
    json::write(&import.describe(call.region))
}
