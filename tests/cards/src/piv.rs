//! `piv-authenticator`: a PIV card by the makers of Nitrokeys. The PIN is 123456, the PUK 12345678, the management key
//! triple DES `0102030405060708` three times. Generates P-256, P-384 and RSA-2048 to 4096; imports RSA into 9A alone,
//! in a format of its own; has no metadata, no attestation, no other counters.

use std::cell::RefCell;
use std::task::Poll;

use heapless::VecView;
use iso7816::{Status, command::CommandView};
use piv_authenticator::{Authenticator, Options};
use trussed_core::api::{Reply, RequestVariant};
use trussed_core::mechanisms::Tdes;
use trussed_core::serde_extensions::{Extension, ExtensionClient};
use trussed_core::{ClientResult, CryptoClient, Error, FilesystemClient, FutureResult, PollClient};

use crate::platform::{Application, Client, Desk, SoftwareCard};

/// A PIV card as it leaves the factory.
pub fn card() -> SoftwareCard {
    SoftwareCard::start("piv", &HISTORICAL_BYTES, |client: Client<'_, '_>, desk: &Desk| {
        let client = RefCell::new(client);
        let lent = || Authenticator::new(Lent(&client), Options::default());
        desk.serve(&mut Card { application: lent(), anew: &lent });
    })
}

/// The application, and how it starts after a reset: it forgets what was verified only when it is made anew.
struct Card<'a, T> {
    application: Authenticator<T>,
    anew: &'a dyn Fn() -> Authenticator<T>,
}

impl<T: piv_authenticator::Client> Application for Card<'_, T> {
    fn aid(&self) -> &'static [u8] {
        &AID
    }

    fn answer(&mut self, command: CommandView<'_>, reply: &mut VecView<u8>) -> Result<(), Status> {
        self.application.respond(command, reply)
    }

    fn reset(&mut self) {
        self.application = (self.anew)();
    }
}

/// The platform's client, lent to one application after the other.
struct Lent<'a, C>(&'a RefCell<C>);

impl<C: PollClient> PollClient for Lent<'_, C> {
    fn request<Rq: RequestVariant>(&mut self, request: Rq) -> ClientResult<'_, Rq::Reply, Self> {
        let sent = self.0.borrow_mut().request(request).map(drop);
        sent.map(|()| FutureResult::new(self))
    }

    fn poll(&mut self) -> Poll<Result<Reply, Error>> {
        self.0.borrow_mut().poll()
    }
}

impl<C: CryptoClient> CryptoClient for Lent<'_, C> {}
impl<C: FilesystemClient> FilesystemClient for Lent<'_, C> {}
impl<C: CryptoClient> Tdes for Lent<'_, C> {}

impl<E: Extension, C: ExtensionClient<E>> ExtensionClient<E> for Lent<'_, C> {
    fn id() -> u8 {
        C::id()
    }
}

/// As a Nitrokey 3 has them.
const HISTORICAL_BYTES: [u8; 15] = *b"\x80\x5DNitrokey\0\0\0\0\0";
/// Without its version, as the application takes it.
pub const AID: [u8; 9] = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00];
