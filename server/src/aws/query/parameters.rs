use std::borrow::Cow;

use percent_encoding::percent_decode;

use crate::aws::json::Failure;

/// No request needs as many: a batch of ten messages with a hundred attributes each has some three thousand.
const MAX_PARAMETERS: usize = 16_384;

/// The names and values of a form, in the order in which they were given.
#[derive(Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Of the query of the address and the form in the body.
    ///
    /// # Errors
    /// `SerializationException` for what is not UTF-8 or has too many parameters.
    pub(crate) fn parse(query: Option<&str>, body: &[u8]) -> Result<Parameters, Failure> {
        let parts =
            [query.unwrap_or_default().as_bytes(), body].into_iter().flat_map(|form| form.split(|byte| *byte == b'&'));
        let mut parameters = Vec::new();
        for part in parts.filter(|part| !part.is_empty()) {
            if parameters.len() == MAX_PARAMETERS {
                return Err(Failure::serialization(format!("the request has more than {MAX_PARAMETERS} parameters")));
            }
            let equals = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
            let (name, value) = part.split_at(equals);
            parameters.push((decode(name)?, decode(value.strip_prefix(b"=").unwrap_or_default())?));
        }
        Ok(Parameters(parameters))
    }

    /// The value of the first parameter of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(given, _)| *given == name).map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn decode(part: &[u8]) -> Result<String, Failure> {
    let spaced: Cow<[u8]> = match part.contains(&b'+') {
        true => part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect(),
        false => part.into(),
    };
    let text = percent_decode(&spaced).decode_utf8();
    Ok(text.map_err(|_| Failure::serialization("the request is not UTF-8"))?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_queries_are_decoded() {
        let parameters = Parameters::parse(Some("Action=A&x="), b"b=1+2%2B%C3%A4&&c&d=e=f&b=later").unwrap();
        let all: Vec<_> = parameters.iter().collect();
        assert_eq!(all, [("Action", "A"), ("x", ""), ("b", "1 2+\u{e4}"), ("c", ""), ("d", "e=f"), ("b", "later")]);
        assert_eq!((parameters.get("b"), parameters.get("z")), (Some("1 2+\u{e4}"), None));
    }

    #[test]
    fn what_is_not_utf8_or_too_much_is_refused() {
        assert!(Parameters::parse(None, b"a=%FF").is_err());
        assert!(Parameters::parse(None, b"a=\xff").is_err());
        assert!(Parameters::parse(None, &b"a&".repeat(MAX_PARAMETERS)).is_ok());
        assert!(Parameters::parse(None, &b"a&".repeat(MAX_PARAMETERS + 1)).is_err());
    }
}
