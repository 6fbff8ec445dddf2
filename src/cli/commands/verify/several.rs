//! Many files in one run: what is wrong with one does not keep the others from being verified.

use serde_json::json;

use super::case::{Case, Check};
use super::judge;
use super::verdict::WHOM_TO_TRUST;
use crate::cli::error::ErrorKind;
use crate::cli::outcome::Outcome;
use crate::cli::text::count;

/// Verifies every file of a run. The exit code is that of a bad signature if there is one, else of the first file that
/// could not be verified.
pub fn verify(check: &Check<'_>) -> Outcome {
    let (mut outcome, mut text, mut entries) = (Outcome::default(), String::new(), Vec::new());
    let (mut good, mut bad, mut is_unchecked) = (0, 0, false);
    for file in &check.args.files {
        check.bar.file(file);
        let judged = Case::named(check, Some(file)).and_then(|case| Ok((judge(&case)?, case)));
        let (verdict, case) = match judged {
            Ok(judged) => judged,
            Err(error) => {
                let file = file.display().to_string();
                entries.push(json!({ "valid": false, "file": file, "error": error.fields() }));
                outcome.failures.push(error);
                continue;
            }
        };
        *(if verdict.is_valid() { &mut good } else { &mut bad }) += 1;
        is_unchecked |= verdict.has_unchecked_signer();
        text.push_str(&verdict.sentences(&case));
        outcome.notes.extend(verdict.reasons().map(|fault| format!("{}: {fault}", case.subject())));
        for warning in verdict.warnings() {
            if !outcome.warnings.contains(&warning) {
                outcome.warnings.push(warning);
            }
        }
        entries.push(verdict.to_json(&case));
    }
    check.bar.end();
    let all = check.args.files.len();
    if good < all {
        outcome.notes.push(format!("{good} of {} have a good signature", count(all, "file", "files")));
    }
    outcome.hints.extend(is_unchecked.then(|| WHOM_TO_TRUST.to_owned()));
    let failed = outcome.failures.first().map(|error| error.kind);
    let verdict = if bad > 0 { Some(ErrorKind::Refused) } else { failed };
    let Outcome { document, stdout, .. } =
        Outcome::new(json!({ "valid": good == all, "files": entries }), text);
    Outcome { document, stdout, ..outcome }.verdict(verdict)
}
