//! "Did you mean": the known name nearest to a misspelt one.

/// The candidate most like `wanted`, if one is like it at all. Case does not matter.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > ENOUGH)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Below this two names have nothing to do with each other (the value clap uses is 0.7; labels are longer).
const ENOUGH: f64 = 0.8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_misspelt_label_is_found() {
        let labels = ["Example (PIN 1)", "Signature card"];
        assert_eq!(nearest("Exmaple (PIN 1)", labels), Some("Example (PIN 1)"));
        assert_eq!(nearest("signature crad", labels), Some("Signature card"));
    }

    #[test]
    fn nearest_unrelated_name_gives_nothing() {
        assert_eq!(nearest("zzz", ["Example (PIN 1)"]), None);
    }
}
