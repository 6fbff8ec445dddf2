//! Mechanisms from keys and wishes.

use super::*;

const RSA: KeyAlgorithm = KeyAlgorithm::Rsa { modulus_bits: 2048 };

fn ec(curve: Curve) -> KeyAlgorithm {
    KeyAlgorithm::Ec { curve: Some(curve) }
}

fn wishes(hash: Option<&str>, mechanism: Option<&str>) -> SigningArgs {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    SigningArgs { hash: owned(hash), mechanism: owned(mechanism), ..SigningArgs::default() }
}

fn decrypting(mechanism: &str) -> DecryptingArgs {
    DecryptingArgs { mechanism: Some(mechanism.to_owned()), ..DecryptingArgs::default() }
}

#[test]
fn for_signing_follows_the_key() {
    for (key, expected) in [
        (RSA, MechanismId::SHA256_RSA_PKCS),
        (ec(Curve::P256), MechanismId::ECDSA_SHA256),
        (ec(Curve::Secp256k1), MechanismId::ECDSA_SHA256),
        (ec(Curve::P384), MechanismId::ECDSA_SHA384),
        (ec(Curve::BrainpoolP384r1), MechanismId::ECDSA_SHA384),
        (ec(Curve::P521), MechanismId::ECDSA_SHA512),
    ] {
        assert_eq!(for_signing(&key, &SigningArgs::default()), Ok(expected.into()));
    }
}

#[test]
fn for_signing_wishes_are_heard() {
    let id = |key, hash, mechanism| for_signing(&key, &wishes(hash, mechanism)).map(|call| call.id);
    assert_eq!(id(RSA, Some("sha512"), None), Ok(MechanismId::SHA512_RSA_PKCS));
    assert_eq!(id(RSA, Some("sha3-256"), None), Ok(MechanismId::SHA3_256_RSA_PKCS));
    assert_eq!(id(ec(Curve::P256), Some("sha384"), None), Ok(MechanismId::ECDSA_SHA384));
    assert_eq!(id(RSA, None, Some("rsa-pkcs")), Ok(MechanismId::RSA_PKCS));
    assert_eq!(id(RSA, Some("sha256"), Some("sha256-rsa-pkcs")), Ok(MechanismId::SHA256_RSA_PKCS));
}

#[test]
fn for_signing_pss_has_the_digest_s_salt_and_mask_unless_told() {
    let pss = |args: &SigningArgs| match for_signing(&RSA, args).unwrap().parameters {
        Parameters::Pss(parameters) => (parameters.hash, parameters.mgf, parameters.salt_len),
        other => panic!("{other:?}"),
    };
    let (sha256, sha384) = (DigestAlgorithm::Sha256, DigestAlgorithm::Sha384);
    assert_eq!(pss(&wishes(None, Some("RSA-PKCS-PSS"))), (sha256, sha256, 32));
    assert_eq!(pss(&wishes(Some("sha384"), Some("RSA-PKCS-PSS"))), (sha384, sha384, 48));
    assert_eq!(pss(&wishes(None, Some("SHA384-RSA-PKCS-PSS"))), (sha384, sha384, 48));
    let told = SigningArgs {
        mgf: Some("sha256".to_owned()),
        salt_len: Some(0),
        ..wishes(None, Some("SHA384-RSA-PKCS-PSS"))
    };
    assert_eq!(pss(&told), (sha384, sha256, 0));
}

#[test]
fn for_signing_wishes_that_do_not_go_together_are_refused() {
    let with_salt = SigningArgs { salt_len: Some(1), ..SigningArgs::default() };
    let with_mgf = SigningArgs { mgf: Some("sha1".to_owned()), ..SigningArgs::default() };
    for (args, message) in [
        (with_salt, "--salt-len belongs to PSS, not to SHA256-RSA-PKCS"),
        (with_mgf, "--mgf belongs to PSS, not to SHA256-RSA-PKCS"),
        (
            wishes(Some("sha1"), Some("SHA256-RSA-PKCS-PSS")),
            "SHA256-RSA-PKCS-PSS digests with SHA-256, not with SHA-1",
        ),
        (wishes(Some("sha1"), Some("RSA-PKCS")), "RSA-PKCS takes no --hash: it signs the file as it is"),
        (wishes(None, Some("RSA-PKCS-OAEP")), "RSA-PKCS-OAEP does not sign"),
    ] {
        assert_eq!(for_signing(&RSA, &args).unwrap_err().message, message);
    }
}

#[test]
fn for_signing_unknown_names_are_answered_with_the_nearest() {
    let error = for_signing(&RSA, &wishes(None, Some("sha265-rsa-pkcs"))).unwrap_err();
    assert_eq!(error.hints, ["did you mean SHA256-RSA-PKCS?"]);
    assert!(for_signing(&RSA, &wishes(Some("md5"), None)).is_err());
    assert!(for_signing(&KeyAlgorithm::Aes { key_bits: 256 }, &SigningArgs::default()).is_err());
}

#[test]
fn for_decryption_oaep_has_sha256_unless_told() {
    assert_eq!(for_decryption(&decrypting("rsa-pkcs")), Ok(MechanismId::RSA_PKCS.into()));
    let oaep = |args: &DecryptingArgs| match for_decryption(args).unwrap().parameters {
        Parameters::Oaep { hash, mgf, label } => (hash, mgf, label),
        other => panic!("{other:?}"),
    };
    let (sha1, sha256) = (DigestAlgorithm::Sha1, DigestAlgorithm::Sha256);
    assert_eq!(oaep(&decrypting("RSA-PKCS-OAEP")), (sha256, sha256, Vec::new()));
    let with = |oaep: OaepArgs| DecryptingArgs { oaep, ..decrypting("RSA-PKCS-OAEP") };
    let told = with(OaepArgs {
        hash: Some("sha1".to_owned()),
        oaep_label: Some("0aff".to_owned()),
        ..OaepArgs::default()
    });
    assert_eq!(oaep(&told), (sha1, sha1, vec![0x0A, 0xFF]));
    let told = with(OaepArgs { mgf: Some("sha1".to_owned()), ..OaepArgs::default() });
    assert_eq!(oaep(&told), (sha256, sha1, Vec::new()));
}

#[test]
fn for_encryption_is_oaep_unless_told() {
    let wish = |mechanism: Option<&str>| {
        let mechanism = mechanism.map(str::to_owned);
        for_encryption(&EncryptingArgs { mechanism, ..EncryptingArgs::default() })
    };
    assert_eq!(wish(None), Ok(RsaPadding::oaep(DigestAlgorithm::Sha256)));
    assert_eq!(wish(Some("rsa-pkcs")), Ok(RsaPadding::Pkcs1));
    assert!(wish(Some("RSA-X-509")).is_err() && wish(Some("RSA")).is_err());
    for padding in [RsaPadding::Pkcs1, RsaPadding::oaep(DigestAlgorithm::Sha512)] {
        assert!(mechanism(for_padding(&padding).id).is_ok());
    }
}

#[test]
fn for_decryption_bad_wishes_are_refused() {
    let label = |mechanism: &str, label: &str| DecryptingArgs {
        oaep: OaepArgs { oaep_label: Some(label.to_owned()), ..OaepArgs::default() },
        ..decrypting(mechanism)
    };
    for (args, message) in [
        (decrypting("RSA-OAEP"), "there is no mechanism \"RSA-OAEP\""),
        (label("RSA-PKCS", ""), "--oaep-label belongs to OAEP, not to RSA-PKCS"),
        (label("RSA-PKCS-OAEP", "xyz"), "the OAEP label is not hexadecimal"),
    ] {
        assert_eq!(for_decryption(&args).unwrap_err().message, message);
    }
}

#[test]
fn names_are_mechanisms() {
    for name in signing_names().into_iter().chain(DECRYPTING.map(name_of)) {
        assert!(MechanismId::from_name(&name).is_some(), "{name}");
    }
}
