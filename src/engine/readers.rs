//! Which readers a run has: PC/SC readers and software readers by configuration, or exactly the cards named.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use crate::config::Config;
use crate::transport::{Reader, TransportError, pcsc};

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
}

/// Builds the readers: with `cards` exactly these and no PC/SC; else the PC/SC readers (unless switched off)
/// and then the software readers of the configuration. Touches no card.
pub fn assemble(config: &Config, cards: Option<&[CardArgument]>) -> Assembled {
    if let Some(_cards) = cards {
        return Assembled { readers: Vec::new(), pcsc_problem: None };
    }
    match pcsc::list_readers(&config.readers) {
        Ok(readers) => Assembled { readers, pcsc_problem: None },
        Err(problem) => Assembled { readers: Vec::new(), pcsc_problem: Some(problem) },
    }
}
