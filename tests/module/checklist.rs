//! The checklist of what modules get wrong (section I of the notes on OpenSC): every point has a test that names it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const POINTS: u32 = 70;

#[test]
fn checklist_every_point_is_named_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = BTreeMap::new();
    collect(&root.join("tests"), true, &mut named);
    collect(&root.join("src"), false, &mut named);
    let missing: Vec<u32> = (1..=POINTS).filter(|point| !named.contains_key(point)).collect();
    assert!(missing.is_empty(), "{missing:?}: points that no test names as I.n");
    let unknown: Vec<_> = named.iter().filter(|(point, _)| !(1..=POINTS).contains(*point)).collect();
    assert!(unknown.is_empty(), "{unknown:?}: points that the checklist does not have");
}

/// The points that the files below a folder name, each with one of them. Where not all of it is tests, what stands
/// behind the beginning of a file's tests counts.
fn collect(folder: &Path, all_tests: bool, named: &mut BTreeMap<u32, String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, all_tests || path.ends_with("tests"), named);
            continue;
        }
        if !path.extension().is_some_and(|extension| ["rs", "c", "h"].iter().any(|known| extension == *known))
        {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let tests = if all_tests || path.ends_with("tests.rs") {
            text.as_str()
        } else {
            text.split_once("#[cfg(test)]").map_or("", |(_, tests)| tests)
        };
        for point in points(tests) {
            named.entry(point).or_insert_with(|| path.display().to_string());
        }
    }
}

/// The numbers in comments that stand behind `I.` on their own.
fn points(text: &str) -> impl Iterator<Item = u32> {
    let comments = text.lines().filter(|line| line.contains("//") || line.contains("/*"));
    comments.flat_map(|line| line.match_indices("I.").map(move |(at, _)| (line, at))).filter_map(
        |(line, at)| {
            let alone = line[..at].chars().last().is_none_or(|before| !before.is_alphanumeric());
            let number: String = line[at + 2..].chars().take_while(char::is_ascii_digit).collect();
            number.parse().ok().filter(|_| alone)
        },
    )
}
