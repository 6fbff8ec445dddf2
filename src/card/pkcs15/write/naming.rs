//! Which files the directories of a card name: the others are what an interrupted change left behind.

use crate::card::admin::ObjectKind;
use crate::card::pkcs15::{Content, FileKind, ObjectValue, OdfRecord, Path};
use crate::token::ObjectId;

use super::Structure;

/// The directories that a new object is entered in.
pub fn directories_of(kind: ObjectKind) -> &'static [FileKind] {
    match kind {
        ObjectKind::KeyPair => &[FileKind::PublicKeys, FileKind::PrivateKeys],
        ObjectKind::SecretKey => &[FileKind::SecretKeys],
        ObjectKind::PublicKey => &[FileKind::PublicKeys],
        ObjectKind::Certificate => &[FileKind::Certificates],
        ObjectKind::Data => &[FileKind::Data],
    }
}

/// Whether anything on the card leads to a file or into a folder.
pub fn is_named<S: Structure + ?Sized>(content: &Content, path: &[u8]) -> bool {
    let leads = |said: &Path| {
        let said = said.resolve(&content.directory.place.base);
        S::locate(&said).is_some_and(|said| said.starts_with(path))
    };
    let by_odf = content.directory.odf.iter().any(|record| match record {
        OdfRecord::File { path, .. } => leads(path),
        _ => false,
    });
    let by_object = content.objects.values().any(|place| match &place.value {
        Some(ObjectValue::Path(said)) => leads(said),
        _ => false,
    });
    by_odf || by_object || is_hinted(content, path)
}

/// Whether an entry that is not understood has the file's identifier somewhere in it.
fn is_hinted(content: &Content, path: &[u8]) -> bool {
    let Some(file) = path.last_chunk::<2>() else { return false };
    let places: Vec<(usize, usize)> =
        content.objects.values().map(|place| (place.file, place.entry)).collect();
    let files = content.directory.files.iter().enumerate();
    let files = files.filter(|(_, directory)| directory.kind != FileKind::Auth);
    let mut unknown = files.flat_map(|(index, directory)| {
        directory.entries.iter().enumerate().map(move |(entry, it)| ((index, entry), &it.raw))
    });
    let raw_records = content.directory.odf.iter().any(|record| match record {
        OdfRecord::Unknown { raw, .. } => raw.windows(2).any(|window| window == file),
        OdfRecord::Objects { entries, .. } => entries.windows(2).any(|window| window == file),
        OdfRecord::File { .. } => false,
    });
    raw_records
        || unknown.any(|(at, raw)| !places.contains(&at) && raw.windows(2).any(|window| window == file))
}

/// A directory that the ODF names and that could not be read, though it is there: what it names is not known.
pub fn unreadable_directory(content: &Content) -> Option<String> {
    let mut problems = content.token.problems.iter();
    let of_a_directory = |what: &str| FileKind::ALL.iter().any(|kind| what.starts_with(kind.acronym()));
    let problem = problems.find(|problem| of_a_directory(&problem.what))?;
    Some(format!("{}: {}", problem.what, problem.why))
}

/// The file that holds the value of an object, when it holds nothing else and is no file of the structure.
pub fn own_value_file<S: Structure + ?Sized>(content: &Content, object: ObjectId) -> Option<Vec<u8>> {
    let file_of = |value: &Option<ObjectValue>| S::locate(value.as_ref()?.path()?);
    let path = file_of(&content.objects.get(&object)?.value)?;
    let shared = content
        .objects
        .iter()
        .any(|(other, place)| *other != object && file_of(&place.value).as_ref() == Some(&path));
    let structural = content
        .directory
        .files
        .iter()
        .any(|file| S::locate(&file.path).is_some_and(|known| known.starts_with(&path)));
    let usual = path.last_chunk::<2>().is_some_and(|file| S::is_object_file(*file));
    (!shared && !structural && S::is_in_application(&path) && usual).then_some(path)
}
