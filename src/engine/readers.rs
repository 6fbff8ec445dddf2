//! Which readers a run has: PC/SC readers and software readers by configuration, or exactly the cards named.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::config::Config;
use crate::softcard;
use crate::transport::pcsc::{self, PcscSource};
pub use crate::transport::pcsc::{close_for_fork, open_after_fork};
use crate::transport::{Reader, ReaderSource, TransportError};

/// One `--card` argument: a card image in a reader of its own, or an empty reader (`-`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardArgument {
    /// A reader with the card of this image file.
    File(PathBuf),
    /// An empty reader.
    Empty,
}

impl FromStr for CardArgument {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "-" { Self::Empty } else { Self::File(PathBuf::from(text)) })
    }
}

/// The readers of a run, and what kept others away.
pub struct Assembled {
    /// Ready for [`super::Engine::new`].
    pub readers: Vec<Box<dyn Reader>>,
    /// Why there are no PC/SC readers although they are wanted. It does not stop software readers.
    pub pcsc_problem: Option<TransportError>,
    /// Finds PC/SC readers that are attached later.
    pub source: Option<Box<dyn ReaderSource>>,
}

/// Builds the readers: with `cards` exactly these and no PC/SC; else the PC/SC readers (unless switched off)
/// and then the software readers of the configuration. Touches no card.
pub fn assemble(config: &Config, cards: Option<&[CardArgument]>) -> Assembled {
    let busy_timeout = Duration::from_secs(config.readers.busy_timeout.into());
    if let Some(cards) = cards {
        let reader = |(number, card): (usize, &CardArgument)| {
            let (name, file) = match card {
                CardArgument::Empty => (format!("Software reader {number}"), None),
                CardArgument::File(path) => {
                    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                    (format!("Software reader {number} ({file})"), Some(path.clone()))
                }
            };
            softcard::reader(name, file, busy_timeout)
        };
        let readers = (1..).zip(cards).map(reader).collect();
        return Assembled { readers, pcsc_problem: None, source: None };
    }
    let (mut readers, pcsc_problem) = match pcsc::list_readers(&config.readers) {
        Ok(readers) => (readers, None),
        Err(problem) => (Vec::new(), Some(problem)),
    };
    let used = config.software_readers.iter().filter(|software| config.readers.is_wanted(&software.name));
    for software in used {
        let name = unique_name(&software.name, &readers);
        readers.push(softcard::reader(name, software.card.clone(), busy_timeout));
    }
    let source = config.readers.pcsc.then(|| Box::new(PcscSource::new(&config.readers)) as _);
    Assembled { readers, pcsc_problem, source }
}

/// A reader's name that no other reader has: slots are told apart by it.
fn unique_name(name: &str, readers: &[Box<dyn Reader>]) -> String {
    let taken = |name: &str| readers.iter().any(|reader| reader.name() == name);
    if !taken(name) {
        return name.to_owned();
    }
    // One of one more than there are readers is free.
    let numbered = (2..=readers.len() + 2).map(|number| format!("{name} ({number})"));
    numbered.into_iter().find(|candidate| !taken(candidate)).unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ReadersConfig, SoftwareReaderConfig};
    use crate::transport::{Presence, ReaderKind};

    fn names(assembled: &Assembled) -> Vec<&str> {
        assembled.readers.iter().map(|reader| reader.name()).collect()
    }

    #[test]
    fn card_argument_minus_is_an_empty_reader() {
        assert_eq!("-".parse(), Ok(CardArgument::Empty));
        assert_eq!("demo.card".parse(), Ok(CardArgument::File("demo.card".into())));
    }

    #[test]
    fn assemble_cards_are_exactly_the_readers() {
        let config = Config {
            software_readers: vec![SoftwareReaderConfig { name: "Other".into(), card: None }],
            ..Config::default()
        };
        let cards = [CardArgument::Empty, CardArgument::File("/somewhere/demo.card".into())];
        let mut assembled = assemble(&config, Some(&cards));
        assert_eq!(names(&assembled), ["Software reader 1", "Software reader 2 (demo.card)"]);
        assert!(assembled.pcsc_problem.is_none());
        assert_eq!(assembled.readers[0].presence().unwrap(), Presence::Empty);
        assert_eq!(assembled.readers[0].kind(), ReaderKind::Software);
    }

    #[test]
    fn assemble_software_readers_of_the_configuration_get_names_of_their_own() {
        let reader = |name: &str| SoftwareReaderConfig { name: name.into(), card: None };
        let config = Config {
            readers: ReadersConfig { pcsc: false, ..ReadersConfig::default() },
            software_readers: vec![reader("Desk"), reader("Desk"), reader("Desk (2)"), reader("Desk")],
            ..Config::default()
        };
        let assembled = assemble(&config, None);
        assert_eq!(names(&assembled), ["Desk", "Desk (2)", "Desk (2) (2)", "Desk (3)"]);
        assert!(assembled.pcsc_problem.is_none());
    }
}
