//! Messages sealed and opened, changed, cut and made up.

use std::io::Read;

use super::*;
use crate::codec::{Secret, hex};
use crate::crypto::aes::AesKey;
use crate::crypto::cms::CmsError;
use crate::crypto::rsa::{OaepParameters, oaep_unpad, pkcs1_unpad};
use crate::crypto::testing::{OpenSsl, Reproducible};
use crate::crypto::{
    Curve, DigestAlgorithm, EcPrivateKey, PrivateKey, PublicKey, RsaPrivateKey, X25519PrivateKey,
};

const GCM: ContentCipher = ContentCipher::AesGcm(256);
const CBC: ContentCipher = ContentCipher::AesCbc(256);

fn addressee(public: PublicKey, padding: RsaPadding) -> Addressee {
    Addressee { id: Identifier::of_key(&public), public, padding }
}

fn oaep() -> RsaPadding {
    RsaPadding::oaep(DigestAlgorithm::Sha256)
}

fn seal(cipher: ContentCipher, addressees: &[Addressee], plain: &[u8]) -> Vec<u8> {
    let mut writer = EnvelopeWriter::begin(Vec::new(), cipher, addressees).unwrap();
    for part in plain.chunks(50_000) {
        writer.write(part).unwrap();
    }
    writer.finish().unwrap()
}

/// What a card and the engine do: the private key on what was wrapped for it.
fn unwrap(key: &PrivateKey, wrapped: &WrappedKey) -> Option<Secret> {
    match (key, wrapped) {
        (PrivateKey::Rsa(key), WrappedKey::Rsa { padding, encrypted }) => {
            let block = key.raw(encrypted).ok()?;
            match padding {
                RsaPadding::Pkcs1 => pkcs1_unpad(&block).ok()?.into_message().ok(),
                RsaPadding::Oaep { hash, mgf, label } => {
                    oaep_unpad(&OaepParameters::new(*hash, *mgf, label), &block).ok()?.into_message().ok()
                }
            }
        }
        (PrivateKey::X25519(key), WrappedKey::Ec(agreement)) if agreement.is_x25519() => {
            agreement.unwrap(&key.agree(agreement.peer()).ok()?).ok()
        }
        (PrivateKey::Ec(key), WrappedKey::Ec(agreement)) if !agreement.is_x25519() => {
            agreement.unwrap(&key.agree(agreement.peer()).ok()?).ok()
        }
        _ => None,
    }
}

fn open(message: &[u8], key: &PrivateKey) -> Result<Vec<u8>, CmsError> {
    let envelope = Envelope::open(message)?;
    let mine = envelope.recipients().iter().find(|recipient| recipient.id.names_key(&key.public()));
    let unwrapped = mine.and_then(|recipient| unwrap(key, &recipient.key));
    let content_key = envelope.content_key(unwrapped)?;
    let mut plain = Vec::new();
    envelope.decrypt(&content_key, &mut plain)?;
    Ok(plain)
}

fn rsa() -> PrivateKey {
    RsaPrivateKey::generate(1024).unwrap().into()
}

#[test]
fn message_of_every_cipher_and_key_comes_back() {
    let mut random = Reproducible::new("message_of_every_cipher_and_key_comes_back");
    let rsa = rsa();
    let mut keys: Vec<(PrivateKey, RsaPadding)> = vec![(rsa.clone(), oaep()), (rsa, RsaPadding::Pkcs1)];
    keys.extend(Curve::ALL.map(|curve| (EcPrivateKey::generate(curve).unwrap().into(), oaep())));
    keys.push((PrivateKey::X25519(X25519PrivateKey::generate().unwrap()), oaep()));
    for cipher in [GCM, CBC, ContentCipher::AesGcm(128), ContentCipher::AesCbc(192)] {
        for (key, padding) in &keys {
            let len = [0, 16, 200_001][random.below(3)];
            let plain = random.bytes(len);
            let message = seal(cipher, &[addressee(key.public(), padding.clone())], &plain);
            assert_eq!(open(&message, key).unwrap(), plain, "{cipher:?} {key:?} {padding:?}");
        }
    }
}

#[test]
fn message_for_several_opens_for_each_and_nobody_else() {
    let keys = [rsa(), rsa(), EcPrivateKey::generate(Curve::P384).unwrap().into()];
    let addressees: Vec<Addressee> = keys.iter().map(|key| addressee(key.public(), oaep())).collect();
    for cipher in [GCM, CBC] {
        let message = seal(cipher, &addressees, b"for several");
        for key in &keys {
            assert_eq!(open(&message, key).unwrap(), b"for several");
        }
        assert!(matches!(open(&message, &rsa()), Err(CmsError::Decryption)));
    }
}

/// Every wrong key, padding and tag is one error, whatever of the message was changed.
#[test]
fn message_changed_anywhere_never_opens_to_something_else() {
    let key: PrivateKey = EcPrivateKey::generate(Curve::P256).unwrap().into();
    let message = seal(GCM, &[addressee(key.public(), oaep())], b"a few words");
    let mut undecryptable = 0;
    for index in 0..message.len() {
        for bit in [0x01, 0x80] {
            let mut changed = message.clone();
            changed[index] ^= bit;
            match open(&changed, &key) {
                // Version numbers and identifiers that nobody looks at.
                Ok(plain) => assert_eq!(plain, b"a few words", "byte {index}"),
                Err(CmsError::Decryption) => undecryptable += 1,
                Err(_) => {}
            }
        }
    }
    assert!(undecryptable > 100, "{undecryptable}");
}

#[test]
fn message_cut_anywhere_is_an_error() {
    let key: PrivateKey = EcPrivateKey::generate(Curve::P256).unwrap().into();
    for cipher in [GCM, CBC] {
        let message = seal(cipher, &[addressee(key.public(), oaep())], &[7; 1000]);
        for end in 0..message.len() {
            assert!(matches!(open(&message[..end], &key), Err(CmsError::Truncated)), "cut at {end}");
        }
        let longer = [&message[..], b"\n"].concat();
        assert_eq!(open(&longer, &key).unwrap(), [7; 1000], "what follows is not looked at");
    }
}

#[test]
fn message_of_any_bytes_is_an_error_not_a_panic() {
    let mut random = Reproducible::new("message_of_any_bytes_is_an_error_not_a_panic");
    let key: PrivateKey = EcPrivateKey::generate(Curve::P256).unwrap().into();
    let message = seal(CBC, &[addressee(key.public(), oaep())], &[7; 100]);
    for _ in 0..3000 {
        let mut changed = message.clone();
        for _ in 0..1 + random.below(4) {
            let index = random.below(changed.len());
            changed[index] = random.bytes(1)[0];
        }
        changed.truncate(random.below(changed.len() + 1));
        let _ = open(&changed, &key);
        let len = random.below(200);
        assert!(open(&random.bytes(len), &key).is_err());
    }
    for hostile in [[0x30, 0x80].repeat(100_000), [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF].repeat(3)] {
        assert!(open(&hostile, &key).is_err());
    }
}

/// A reader that never ends must not fill the memory before somebody says stop.
#[test]
fn message_with_endless_recipients_is_refused() {
    let head = seal(GCM, &[], b"");
    let set = head.windows(2).position(|pair| pair == [0x31, 0x00]).unwrap();
    let endless = head[..set].chain(&[0x31, 0x80][..]).chain(std::io::repeat(0x04));
    assert!(matches!(Envelope::open(endless), Err(CmsError::TooLarge { .. })));
    let claimed = head[..set].chain(&[0x31, 0x84, 0x7F, 0xFF, 0xFF, 0xFF][..]).chain(std::io::repeat(0x04));
    assert!(matches!(Envelope::open(claimed), Err(CmsError::TooLarge { .. })));
}

/// RFC 5083, 2.2: attributes behind the content are authenticated in front of it, as a SET OF.
#[test]
fn attributes_are_authenticated() {
    use crate::codec::tlv;
    use crate::crypto::aes::AesKey;
    use crate::crypto::aes::gcm::GcmParameters;
    let key = AesKey::generate(256).unwrap();
    let attributes = tlv::encode(0x31, &tlv::encode(0x30, b"\x06\x01\x2A\x31\x02\x05\x00"));
    let nonce = [9; 12];
    let parameters = GcmParameters { nonce: &nonce, associated_data: &attributes, tag_len: 16 };
    let sealed = key.gcm_encrypt(&parameters, b"content of a stranger").unwrap();
    let (encrypted, tag) = sealed.split_at(sealed.len() - 16);
    let message = |attributes: &[u8]| {
        let head = seal(GCM, &[], b"");
        let start = head.windows(2).position(|pair| pair == [0x31, 0x00]).unwrap() + 2;
        let algorithm = [tlv::encode(0x04, &nonce), tlv::encode(0x02, &[16])].concat();
        let algorithm =
            [tlv::encode(0x06, super::super::oid::AES_256_GCM.as_bytes()), tlv::encode(0x30, &algorithm)];
        let content = [
            tlv::encode(0x06, super::super::ID_DATA.as_bytes()),
            tlv::encode(0x30, &algorithm.concat()),
            tlv::encode(0x80, encrypted),
        ];
        let mut attributes = attributes.to_vec();
        attributes[0] = 0xA1;
        let tail = [tlv::encode(0x30, &content.concat()), attributes, tlv::encode(0x04, tag)];
        [&head[..start], &tail.concat(), &[0; 6]].concat()
    };
    let decrypt = |message: &[u8]| {
        let envelope = Envelope::open(message).unwrap();
        let content_key = envelope.content_key(Some(key.secret().clone())).unwrap();
        let mut plain = Vec::new();
        envelope.decrypt(&content_key, &mut plain).map(|()| plain)
    };
    assert_eq!(decrypt(&message(&attributes)).unwrap(), b"content of a stranger");
    let mut other = attributes.clone();
    other[6] ^= 1;
    assert!(matches!(decrypt(&message(&other)), Err(CmsError::Decryption)));
}

/// The one key agreement of a message (RFC 8418): each step once more, by openssl. It has no such messages of its own before
/// version 3.6.
#[test]
fn agreement_with_x25519_is_made_of_what_openssl_computes() {
    let openssl = OpenSsl::new();
    openssl.run("genpkey -algorithm X25519 -out own.key");
    openssl.run("pkey -in own.key -pubout -outform DER -out own.der");
    let spki = std::fs::read(openssl.path("own.der")).unwrap();
    let public = PublicKey::from_spki_der(&spki).unwrap();
    let message = seal(GCM, &[addressee(public, oaep())], b"for one");
    let envelope = Envelope::open(message.as_slice()).unwrap();
    let [Recipient { key: WrappedKey::Ec(agreement), .. }] = envelope.recipients() else { panic!("one") };
    // The sender's key stands in the place of ours, in the same frame.
    let theirs = [&spki[..spki.len() - 32], agreement.peer()].concat();
    std::fs::write(openssl.path("theirs.der"), theirs).unwrap();
    let shared = openssl.run("pkeyutl -derive -inkey own.key -peerkey theirs.der -peerform DER");
    // ECC-CMS-SharedInfo (RFC 5753, 7.2): id-aes256-wrap and 256 as four bytes.
    let info = "3015300b060960864801650304012da206040400000100";
    let shared = hex::encode(&shared);
    let key = openssl.run(&format!(
        "kdf -binary -keylen 32 -kdfopt digest:SHA256 -kdfopt hexkey:{shared} -kdfopt hexinfo:{info} HKDF"
    ));
    let wrapped = message.windows(2).position(|pair| pair == [0x04, 0x28]).unwrap() + 2;
    std::fs::write(openssl.path("wrapped"), &message[wrapped..wrapped + 40]).unwrap();
    let unwrapped = openssl
        .run(&format!("enc -d -id-aes256-wrap -iv A6A6A6A6A6A6A6A6 -K {} -in wrapped", hex::encode(&key)));
    let content_key = envelope.content_key(Some(Secret::new(unwrapped))).unwrap();
    let mut plain = Vec::new();
    envelope.decrypt(&content_key, &mut plain).unwrap();
    assert_eq!(plain, b"for one");
}

#[test]
fn message_for_a_secret_key_names_it_and_opens_with_it() {
    for (key_bits, cipher) in [(128, GCM), (192, CBC), (256, GCM)] {
        let kek = AesKey::generate(key_bits).unwrap();
        let content_key = cipher.generate_key().unwrap();
        let info =
            RecipientInfo::for_secret_key(&[7, 8], key_bits, &kek.wrap(&content_key).unwrap()).unwrap();
        let mut writer = EnvelopeWriter::begin_with(Vec::new(), cipher, &content_key, &[info]).unwrap();
        writer.write(b"for those who have it").unwrap();
        let message = writer.finish().unwrap();
        let envelope = Envelope::open(message.as_slice()).unwrap();
        let [Recipient { id, key: WrappedKey::Secret { wrap_bits, wrapped } }] = envelope.recipients() else {
            panic!("one")
        };
        assert!(id.is(&[7, 8]) && !id.is(&[7]) && *wrap_bits == key_bits);
        let content_key = envelope.content_key(kek.unwrap(wrapped).ok()).unwrap();
        let mut plain = Vec::new();
        envelope.decrypt(&content_key, &mut plain).unwrap();
        assert_eq!(plain, b"for those who have it");
    }
    assert!(RecipientInfo::for_secret_key(&[7], 64, &[0; 24]).is_err());
}
