//! The locales of the server, their variants and defaults.

use icu_locale_core::Locale;

use crate::{
    collation::CaseFirst,
    error::{Code, Error, Result, refuse},
};

/// Locales with the variants that `@collation=` may name, beside `standard`.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/collation-locales-defaults/>.
const LOCALES: &[(&str, &[&str])] = &[
    ("af", &[]),
    ("am", &[]),
    ("ar", &["compat"]),
    ("as", &[]),
    ("az", &["search"]),
    ("be", &[]),
    ("bg", &[]),
    ("bn", &["traditional"]),
    ("bo", &[]),
    ("bs", &["search"]),
    ("bs_Cyrl", &[]),
    ("ca", &["search"]),
    ("chr", &[]),
    ("cs", &["search"]),
    ("cy", &[]),
    ("da", &["search"]),
    ("de", &["search", "eor", "phonebook"]),
    ("de_AT", &["phonebook"]),
    ("dsb", &[]),
    ("dz", &[]),
    ("ee", &[]),
    ("el", &[]),
    ("en", &[]),
    ("en_US", &[]),
    ("en_US_POSIX", &[]),
    ("eo", &[]),
    ("es", &["search", "traditional"]),
    ("et", &[]),
    ("fa", &[]),
    ("fa_AF", &[]),
    ("fi", &["search", "traditional"]),
    ("fil", &[]),
    ("fo", &[]),
    ("fr", &[]),
    ("fr_CA", &[]),
    ("ga", &[]),
    ("gl", &["search"]),
    ("gu", &[]),
    ("ha", &[]),
    ("haw", &[]),
    ("he", &["search"]),
    ("hi", &[]),
    ("hr", &["search"]),
    ("hsb", &[]),
    ("hu", &[]),
    ("hy", &[]),
    ("id", &[]),
    ("ig", &[]),
    ("is", &["search"]),
    ("it", &[]),
    ("ja", &["unihan"]),
    ("ka", &[]),
    ("kk", &[]),
    ("kl", &["search"]),
    ("km", &[]),
    ("kn", &["traditional"]),
    ("ko", &["search", "searchjl", "unihan"]),
    ("kok", &[]),
    ("ky", &[]),
    ("lb", &[]),
    ("lkt", &[]),
    ("ln", &["phonetic"]),
    ("lo", &[]),
    ("lt", &[]),
    ("lv", &[]),
    ("mk", &[]),
    ("ml", &[]),
    ("mn", &[]),
    ("mr", &[]),
    ("ms", &[]),
    ("mt", &[]),
    ("my", &[]),
    ("nb", &["search"]),
    ("ne", &[]),
    ("nl", &[]),
    ("nn", &["search"]),
    ("om", &[]),
    ("or", &[]),
    ("pa", &[]),
    ("pl", &[]),
    ("ps", &[]),
    ("pt", &[]),
    ("ro", &[]),
    ("ru", &[]),
    ("sa", &["traditional"]),
    ("se", &["search"]),
    ("si", &["dictionary"]),
    ("sk", &["search"]),
    ("sl", &[]),
    ("smn", &["search"]),
    ("sq", &[]),
    ("sr", &["search"]),
    ("sr_Latn", &["search"]),
    ("sv", &["search", "reformed"]),
    ("sw", &[]),
    ("ta", &[]),
    ("te", &[]),
    ("th", &[]),
    ("to", &[]),
    ("tr", &["search"]),
    ("ug", &[]),
    ("uk", &[]),
    ("ur", &[]),
    ("vi", &["traditional"]),
    ("wae", &[]),
    ("wo", &[]),
    ("yi", &["search"]),
    ("yo", &[]),
    ("zh", &["big5han", "gb2312han", "pinyin", "stroke", "unihan", "zhuyin"]),
    ("zh_Hant", &["big5han", "gb2312han", "pinyin", "stroke", "unihan", "zhuyin"]),
    ("zu", &[]),
];

/// Locales whose rules are the root's, so that only the direction of accents tells them apart.
const WITHOUT_RULES: &[&str] =
    &["de", "en", "en_US", "fr", "fr_CA", "ga", "id", "it", "lb", "ms", "nl", "pt", "sw", "zu"];

/// Options that differ between locales.
pub(super) struct Defaults {
    pub(super) case_first: CaseFirst,
    pub(super) shifted: bool,
    pub(super) backwards: bool,
}

pub(super) fn defaults(locale: &str) -> Defaults {
    let (name, _) = split(locale);
    Defaults {
        case_first: if name == "da" || name == "mt" { CaseFirst::Upper } else { CaseFirst::Off },
        shifted: name == "th",
        backwards: name == "fr_CA",
    }
}

/// A locale's name and its variant.
fn split(locale: &str) -> (&str, Option<&str>) {
    match locale.split_once("@collation=") {
        Some((name, variant)) => (name, Some(variant)),
        None => (locale, None),
    }
}

/// Refuses what is no locale of the server. A known language may stand with a country: `en_GB`, `pt_BR`.
pub(super) fn check(locale: &str) -> Result<()> {
    let (name, variant) = split(locale);
    let exact = LOCALES.iter().find(|(known, _)| *known == name);
    let known = exact.or_else(|| {
        let (language, country) = name.rsplit_once('_')?;
        let is_country = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        LOCALES.iter().find(|(known, _)| is_country && *known == language)
    });
    match known {
        Some((_, variants)) if variant.is_none_or(|variant| variant == "standard" || variants.contains(&variant)) => {
            Ok(())
        }
        _ => refuse(Code::BAD_VALUE, format!("Field 'locale' is invalid in: {{ locale: \"{locale}\" }}")),
    }
}

/// The locale as the rules' library names it. The direction of accents is not one of its options, but a trait of
/// Canadian French: it stands in for the locales that have no rules of their own. Others cannot be turned around.
pub(super) fn of(locale: &str, backwards: bool) -> Result<Locale> {
    let (name, variant) = split(locale);
    let name = match (backwards, name) {
        (true, name) if WITHOUT_RULES.contains(&name) && variant.is_none() => "fr-CA",
        (false, "fr_CA") => "fr",
        (_, "en_US_POSIX") => "en-US-posix",
        (_, name) => name,
    };
    let mut tag = name.replace('_', "-");
    let variant = match variant {
        None | Some("standard") => None,
        Some("traditional") => Some("trad"),
        Some("phonebook") => Some("phonebk"),
        Some("dictionary") => Some("dict"),
        Some("gb2312han") => Some("gb2312"),
        Some(variant) => Some(variant),
    };
    if let Some(variant) = variant {
        tag.push_str("-u-co-");
        tag.push_str(variant);
    }
    tag.parse().map_err(|_| Error::new(Code::BAD_VALUE, format!("Field 'locale' is invalid: '{locale}'")))
}
