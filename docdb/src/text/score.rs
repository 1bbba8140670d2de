//! How well a document stands for a word.

use std::collections::{BTreeMap, HashMap};

use bson::RawDocument;

use crate::{
    error::{Code, Result, refuse},
    text::{
        TextIndexSpec,
        tokens::{Form, terms},
        values,
    },
};

/// How many different words a document may have, and how many bytes they may take.
const MAX_TERMS: usize = 400_000;
const MAX_TERMS_BYTES: usize = 4 << 20;

/// How often a word is in a string.
#[derive(Default)]
struct Occurrences {
    count: f64,
    /// Each occurrence counts half of the one before.
    frequency: f64,
    worth: f64,
}

impl TextIndexSpec {
    /// The words of a document in order, each with its score: the keys of the index.
    ///
    /// # Errors
    /// 17261 and 17262 for languages of the document that are no strings, or unknown; 16732 and 16733 for too many words.
    pub(crate) fn keys(&self, document: &RawDocument) -> Result<Vec<(String, f64)>> {
        let mut scores: BTreeMap<String, f64> = BTreeMap::new();
        values::each(document, self, &mut |value| {
            add_scores(&mut scores, &value);
            scores.len() <= MAX_TERMS
        })?;
        if scores.len() > MAX_TERMS {
            return refuse(
                Code(16732),
                format!("too many unique keys for a single document to have: {}", scores.len()),
            );
        }
        if scores.keys().map(String::len).sum::<usize>() > MAX_TERMS_BYTES {
            return refuse(Code(16733), "trying to index text where term list is too big, max is 4mb");
        }
        Ok(scores.into_iter().collect())
    }
}

fn add_scores(scores: &mut BTreeMap<String, f64>, value: &values::Value<'_>) {
    let mut occurrences: HashMap<String, Occurrences> = HashMap::new();
    let mut all = 0.0;
    for term in terms(value.text, value.language, Form::default()) {
        let of_term = occurrences.entry(term).or_insert_with(|| Occurrences { worth: 1.0, ..Occurrences::default() });
        of_term.count += 1.0;
        of_term.frequency += of_term.worth;
        of_term.worth /= 2.0;
        all += 1.0;
    }
    for (term, Occurrences { count, frequency, .. }) in occurrences {
        let share = 0.5 * count / all + 0.5;
        let is_whole_value = value.text.eq_ignore_ascii_case(&term);
        let adjustment = if is_whole_value { 1.1 } else { 1.0 };
        *scores.entry(term).or_default() += value.weight * frequency * share * adjustment;
    }
}
