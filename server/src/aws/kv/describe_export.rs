use super::{Answered, checks::Checks, export::Export, transfers::EXPORTS};
use crate::aws::{
    Call,
    json::{self, Text, members},
};

members! {
    Request { export_arn: Text = "ExportArn" }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let mut checks = Checks::default();
    let export_arn = checks.arn(given.export_arn, "exportArn");
    checks.finish()?;
    let export: Export = EXPORTS.need(call.pond.engine(), &export_arn)?;
    json::write(&export.describe(call.region))
}
