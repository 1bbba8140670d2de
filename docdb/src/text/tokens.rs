//! Words out of text: where they end, and the forms that are compared.

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_properties::{
    CodePointSetData, CodePointSetDataBorrowed,
    props::{Dash, Diacritic, Hyphen, PatternSyntax, QuotationMark, TerminalPunctuation, WhiteSpace},
};

use crate::text::Language;

/// What tells words apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) case_sensitive: bool,
    pub(crate) diacritic_sensitive: bool,
}

impl Form {
    /// Text as phrases are looked for in it.
    pub(crate) fn fold(self, text: &str, language: Language) -> String {
        let text = if self.case_sensitive { text.to_owned() } else { lower(text, language) };
        if self.diacritic_sensitive { text } else { without_diacritics(&text) }
    }
}

/// The stems of a text's words in their order, without stop words.
pub(crate) fn terms(text: &str, language: Language, form: Form) -> impl Iterator<Item = String> + '_ {
    let words = text.split(move |sign| is_delimiter(sign, language)).filter(|word| !word.is_empty());
    words.filter_map(move |word| {
        let lowered = lower(word, language);
        if language.is_stop_word(&lowered) {
            return None;
        }
        // Stemmers and lists of stop words know diacritics: they go last.
        let stem = language.stem(if form.case_sensitive { word } else { &lowered });
        let term = if form.diacritic_sensitive { stem } else { without_diacritics(&stem) };
        (!term.is_empty()).then_some(term)
    })
}

/// Whether a sign is between words. An apostrophe is part of an English word.
fn is_delimiter(sign: char, language: Language) -> bool {
    const SETS: [CodePointSetDataBorrowed<'static>; 6] = [
        CodePointSetData::new::<WhiteSpace>(),
        CodePointSetData::new::<PatternSyntax>(),
        CodePointSetData::new::<Dash>(),
        CodePointSetData::new::<Hyphen>(),
        CodePointSetData::new::<QuotationMark>(),
        CodePointSetData::new::<TerminalPunctuation>(),
    ];
    match sign {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => false,
        '\'' => language != Language::ENGLISH,
        _ => SETS.iter().any(|set| set.contains(sign)),
    }
}

/// Each sign in lower case by itself, wherever in a word it is.
pub(crate) fn lower(text: &str, language: Language) -> String {
    if language.is_turkish() {
        let signs = text.chars().flat_map(|sign| match sign {
            'I' => 'ı'.to_lowercase(),
            'İ' => 'i'.to_lowercase(),
            _ => sign.to_lowercase(),
        });
        return signs.collect();
    }
    text.chars().flat_map(char::to_lowercase).collect()
}

/// The text with its letters' marks taken off.
pub(crate) fn without_diacritics(text: &str) -> String {
    const NORMALIZER: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfd();
    const DIACRITICS: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<Diacritic>();
    if text.is_ascii() {
        return text.to_owned();
    }
    let is_mark = |sign: char| !sign.is_ascii() && DIACRITICS.contains(sign);
    let mut plain = String::with_capacity(text.len());
    for sign in text.chars() {
        if sign.is_ascii() {
            plain.push(sign);
            continue;
        }
        let mut buffer = [0; 4];
        let decomposed = NORMALIZER.normalize(sign.encode_utf8(&mut buffer));
        // What is composed of other things than a letter and marks stays as it is.
        if decomposed.chars().any(is_mark) {
            plain.extend(decomposed.chars().filter(|part| !is_mark(*part)));
        } else {
            plain.push(sign);
        }
    }
    plain
}
