//! The languages that words are stemmed in.

use std::{collections::HashSet, sync::LazyLock};

use rust_stemmers::{Algorithm, Stemmer};

/// A language by its place in [`LANGUAGES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Language(u8);

struct Known {
    name: &'static str,
    code: &'static str,
    stemmer: Option<Algorithm>,
    /// By which name the lists of stop words know it.
    stop_words: &'static str,
}

const fn known(name: &'static str, code: &'static str, stemmer: Algorithm, stop_words: &'static str) -> Known {
    Known { name, code, stemmer: Some(stemmer), stop_words }
}

/// Source: <https://www.mongodb.com/docs/manual/reference/text-search-languages/>.
const LANGUAGES: [Known; 16] = [
    Known { name: "none", code: "none", stemmer: None, stop_words: "" },
    known("danish", "da", Algorithm::Danish, "da"),
    known("dutch", "nl", Algorithm::Dutch, "nl"),
    known("english", "en", Algorithm::English, ""),
    known("finnish", "fi", Algorithm::Finnish, "fi"),
    known("french", "fr", Algorithm::French, "fr"),
    known("german", "de", Algorithm::German, "de"),
    known("hungarian", "hu", Algorithm::Hungarian, "hu"),
    known("italian", "it", Algorithm::Italian, "it"),
    known("norwegian", "nb", Algorithm::Norwegian, "no"),
    known("portuguese", "pt", Algorithm::Portuguese, "pt"),
    known("romanian", "ro", Algorithm::Romanian, "ro"),
    known("russian", "ru", Algorithm::Russian, "ru"),
    known("spanish", "es", Algorithm::Spanish, "es"),
    known("swedish", "sv", Algorithm::Swedish, "sv"),
    known("turkish", "tr", Algorithm::Turkish, "tr"),
];

/// English's stop words as Snowball has them; the list of the library has fragments of contractions in it as well.
const ENGLISH_STOP_WORDS: &str = "i me my myself we our ours ourselves you your yours yourself yourselves he him his himself \
    she her hers herself it its itself they them their theirs themselves what which who whom this that these those am is are \
    was were be been being have has had having do does did doing would should could ought i'm you're he's she's it's we're \
    they're i've you've we've they've i'd you'd he'd she'd we'd they'd i'll you'll he'll she'll we'll they'll isn't aren't \
    wasn't weren't hasn't haven't hadn't doesn't don't didn't won't wouldn't shan't shouldn't can't cannot couldn't mustn't \
    let's that's who's what's here's there's when's where's why's how's a an the and but if or because as until while of at \
    by for with about against between into through during before after above below to from up down in out on off over under \
    again further then once here there when where why how all any both each few more most other some such no nor not only own \
    same so than too very";

static STOP_WORDS: LazyLock<Vec<HashSet<&'static str>>> = LazyLock::new(|| {
    let words = |language: &Known| match language.name {
        "english" => ENGLISH_STOP_WORDS.split_whitespace().collect(),
        _ => stop_words::lookup(language.stop_words).unwrap_or_default().iter().copied().collect(),
    };
    LANGUAGES.iter().map(words).collect()
});

impl Language {
    #[cfg(test)]
    pub(crate) const NONE: Language = Language(0);
    pub(crate) const ENGLISH: Language = Language(3);

    /// The language of a name or of a code of two letters, in whatever case.
    pub(crate) fn of(name: &str) -> Option<Language> {
        let is = |known: &Known| known.name.eq_ignore_ascii_case(name) || known.code.eq_ignore_ascii_case(name);
        u8::try_from(LANGUAGES.iter().position(is)?).ok().map(Language)
    }

    fn known(self) -> Option<&'static Known> {
        LANGUAGES.get(usize::from(self.0))
    }

    pub(crate) fn name(self) -> &'static str {
        self.known().map_or("none", |known| known.name)
    }

    pub(crate) fn is_turkish(self) -> bool {
        self.name() == "turkish"
    }

    /// Whether a word in lower case is too common to search for.
    pub(crate) fn is_stop_word(self, word: &str) -> bool {
        STOP_WORDS.get(usize::from(self.0)).is_some_and(|words| words.contains(word))
    }

    /// The stem of a word in lower case.
    pub(crate) fn stem(self, word: &str) -> String {
        match self.known().and_then(|known| known.stemmer) {
            // Letters are what stemmers know; and some of them count bytes where words have other signs.
            Some(algorithm) if word.chars().all(|sign| sign.is_alphabetic() || sign == '\'') => {
                Stemmer::create(algorithm).stem(word).into_owned()
            }
            _ => word.to_owned(),
        }
    }
}
