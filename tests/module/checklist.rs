//! What modules get wrong: every point of the checklist (section I of the notes on OpenSC), and every bug of OpenSC's own
//! module (A.9, A.10), has a test that names it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// How comments name the points of a list, how many there are, and numbers that the list leaves out.
const LISTS: [(&str, u32, &[u32]); 3] = [("I.", 70, &[]), ("A.9#", 15, &[14]), ("A.10#", 12, &[])];

#[test]
fn checklist_every_point_is_named_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (prefix, count, left_out) in LISTS {
        let mut named = BTreeMap::new();
        collect(&root.join("tests"), true, prefix, &mut named);
        collect(&root.join("src"), false, prefix, &mut named);
        let is_point = |point: &u32| (1..=count).contains(point) && !left_out.contains(point);
        let missing: Vec<u32> =
            (1..=count).filter(is_point).filter(|point| !named.contains_key(point)).collect();
        assert!(missing.is_empty(), "{missing:?}: points that no test names as {prefix}n");
        let unknown: Vec<_> = named.iter().filter(|(point, _)| !is_point(point)).collect();
        assert!(unknown.is_empty(), "{unknown:?}: points that {prefix} does not have");
    }
}

/// The points that the files below a folder name, each with one of them. Where not all of it is tests, what stands
/// behind the beginning of a file's tests counts.
fn collect(folder: &Path, all_tests: bool, prefix: &str, named: &mut BTreeMap<u32, String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, all_tests || path.ends_with("tests"), prefix, named);
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
        for point in points(tests, prefix) {
            named.entry(point).or_insert_with(|| path.display().to_string());
        }
    }
}

/// The numbers in comments that stand behind the name of a list, itself on its own.
fn points<'a>(text: &'a str, prefix: &'a str) -> impl Iterator<Item = u32> + 'a {
    let comments = text.lines().filter(|line| line.contains("//") || line.contains("/*"));
    comments.flat_map(move |line| line.match_indices(prefix).map(move |(at, _)| (line, at))).filter_map(
        move |(line, at)| {
            let alone = line[..at].chars().last().is_none_or(|before| !before.is_alphanumeric());
            let number: String = line[at + prefix.len()..].chars().take_while(char::is_ascii_digit).collect();
            number.parse().ok().filter(|_| alone)
        },
    )
}
