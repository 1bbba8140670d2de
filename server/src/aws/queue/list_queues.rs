use base64::{Engine as _, engine::general_purpose::STANDARD};
use millpond::queue::QueuePage;
use serde::Serialize;

use super::{Answered, address, checks, failure::invalid};
use crate::aws::{
    Call,
    json::{Failure, Integer, Word, members},
};

/// Names that a page has at most.
pub(super) const MOST: usize = 1000;

members! {
    Request {
        queue_name_prefix: Word = "QueueNamePrefix",
        next_token: Word = "NextToken",
        max_results: Integer = "MaxResults",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queue_urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    let asked = Asked::read(given.next_token, given.max_results)?;
    let prefix = checks::text(given.queue_name_prefix).unwrap_or_default();
    let page = call.pond.queues().list(&prefix, asked.after.as_deref(), asked.max())?;
    call.write(&Output { queue_urls: urls(call, &page), next_token: asked.next_token(&page) })
}

/// Which page of a list of queues is asked for.
pub(super) struct Asked {
    pub(super) after: Option<String>,
    max_results: Option<usize>,
}

impl Asked {
    /// # Errors
    /// `InvalidParameterValueException`.
    pub(super) fn read(next_token: Option<Word>, max_results: Option<Integer>) -> Result<Asked, Failure> {
        let max_results = checks::max_results(max_results, MOST, "MaxResults must be an integer between 1 and 1000.")?;
        let after = checks::text(next_token).filter(|token| !token.is_empty()).map(|token| {
            let name = STANDARD.decode(token).ok().and_then(|name| String::from_utf8(name).ok());
            name.ok_or_else(|| invalid("Invalid or expired next token."))
        });
        Ok(Asked { after: after.transpose()?, max_results })
    }

    pub(super) fn max(&self) -> usize {
        self.max_results.unwrap_or(MOST)
    }

    /// Only who has asked for pages is told that there are more.
    pub(super) fn next_token(&self, page: &QueuePage) -> Option<String> {
        self.max_results?;
        page.next.as_ref().map(|name| STANDARD.encode(name))
    }
}

pub(super) fn urls(call: &Call<'_>, page: &QueuePage) -> Vec<String> {
    page.names.iter().map(|name| address::url(call, name)).collect()
}
