//! Certificates of openssl, with keys and algorithms that we have and that we have not.

use super::*;
use crate::codec::hex;
use crate::crypto::testing::OpenSsl;

/// Makes a self-signed certificate of a key that `genpkey` is asked for; returns its DER.
fn self_signed(openssl: &OpenSsl, key: &str, options: &str) -> Vec<u8> {
    openssl.run(&format!("genpkey {key} -out key.pem"));
    openssl.run(&format!(
        "req -x509 -new -key key.pem -subj /O=Example/CN=Anna -days 30 {options} -outform DER -out c.der"
    ));
    openssl.read("c.der")
}

fn field(openssl: &OpenSsl, option: &str) -> String {
    let text =
        String::from_utf8(openssl.run(&format!("x509 -inform DER -in c.der -noout {option}"))).unwrap();
    text.split_once('=').unwrap().1.trim().to_owned()
}

#[test]
fn certificate_of_every_family_that_we_have_is_read_and_verified() {
    let openssl = OpenSsl::new();
    let keys = [
        ("-algorithm RSA -pkeyopt rsa_keygen_bits:2048", "RSA-2048"),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "EC P-256"),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:P-384", "EC P-384"),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:P-521", "EC P-521"),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1", "EC secp256k1"),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1", "EC brainpoolP256r1"),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP384r1", "EC brainpoolP384r1"),
    ];
    for (key, name) in keys {
        for digest in ["sha1", "sha224", "sha256", "sha384", "sha512"] {
            let der = self_signed(&openssl, key, &format!("-{digest}"));
            let details = CertificateDetails::parse(&der).unwrap();
            let public = details.public_key.clone().unwrap();
            assert_eq!(public.algorithm_name(), name);
            assert_eq!(details.verify_signed_by(&public), Ok(true), "{name} {digest}");
            let mut forged = details.clone();
            let middle = forged.der.len() / 2;
            forged.der[middle] ^= 1;
            assert_ne!(forged.verify_signed_by(&public), Ok(true), "{name} {digest}");
            if key.contains("2048") && digest == "sha224" {
                break; // A large RSA key takes openssl long; the other digests are no other code.
            }
        }
    }
}

#[test]
fn fields_are_those_that_openssl_prints() {
    let openssl = OpenSsl::new();
    let der = self_signed(&openssl, "-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "");
    let details = CertificateDetails::parse(&der).unwrap();
    assert_eq!(details.der, der);
    assert_eq!(
        hex::encode(&details.serial[2..]).trim_start_matches("00").to_uppercase(),
        field(&openssl, "-serial")
    );
    let fingerprint = hex::decode(&field(&openssl, "-fingerprint -sha256")).unwrap();
    assert_eq!(details.fingerprint_sha256(), fingerprint);
    assert_eq!(details.subject_text(), field(&openssl, "-subject -nameopt RFC2253"));
    assert_eq!(details.not_after - details.not_before, 30 * 24 * 3600);
    assert!(details.is_authority && details.is_self_issued());
    assert_eq!(details.subject_key_id, details.authority_key_id);
    assert_eq!(details.key_usage(), None);
}

#[test]
fn certificate_of_a_family_that_we_do_not_have_stays_visible() {
    let openssl = OpenSsl::new();
    let keys = [
        "-algorithm ED448",
        "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024",
        "-algorithm EC -pkeyopt ec_paramgen_curve:secp224r1",
        "-algorithm EC -pkeyopt ec_paramgen_curve:prime192v1",
        "-algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP512r1",
        "-algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256t1",
        "-algorithm EC -pkeyopt ec_paramgen_curve:sect233k1",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit",
    ];
    for key in keys {
        let der = self_signed(&openssl, key, "");
        let details = CertificateDetails::parse(&der).unwrap();
        assert_eq!(details.public_key, None, "{key}");
        assert_eq!(details.common_name().as_deref(), Some("Anna"), "{key}");
        let info = openssl.run("x509 -inform DER -in c.der -noout -pubkey");
        openssl.write("key.pub", &info);
        openssl.run("pkey -pubin -in key.pub -outform DER -out key.spki");
        assert_eq!(details.public_key_info, openssl.read("key.spki"), "{key}");
        ask_everything(&details);
    }
}

#[test]
fn signature_of_an_algorithm_that_we_do_not_have_is_an_error_that_names_it() {
    let openssl = OpenSsl::new();
    let rsa = "-algorithm RSA -pkeyopt rsa_keygen_bits:1024";
    let details = CertificateDetails::parse(&self_signed(&openssl, rsa, "-md5")).unwrap();
    let result = details.verify_signed_by(details.public_key.as_ref().unwrap());
    let md5 = "signature algorithm 1.2.840.113549.1.1.4".to_owned();
    assert_eq!(result, Err(CryptoError::Unsupported(md5)));
    assert_eq!(details.signature_algorithm(), None);
}

#[test]
fn pss_signature_of_a_certificate_is_verified_with_its_parameters() {
    let openssl = OpenSsl::new();
    let rsa = "-algorithm RSA -pkeyopt rsa_keygen_bits:1024";
    for options in [
        "-sigopt rsa_padding_mode:pss",
        "-sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20",
        "-sha1 -sigopt rsa_padding_mode:pss -sigopt rsa_mgf1_md:sha256",
    ] {
        let details = CertificateDetails::parse(&self_signed(&openssl, rsa, options)).unwrap();
        assert_eq!(details.verify_signed_by(details.public_key.as_ref().unwrap()), Ok(true), "{options}");
        let mut altered = details.clone();
        *altered.der.last_mut().unwrap() ^= 1;
        assert_eq!(altered.verify_signed_by(details.public_key.as_ref().unwrap()), Ok(false), "{options}");
    }
}

#[test]
fn extensions_are_read_as_openssl_wrote_them() {
    let openssl = OpenSsl::new();
    let options = "-addext keyUsage=critical,digitalSignature,nonRepudiation,decipherOnly,keyAgreement \
                   -addext extendedKeyUsage=serverAuth,clientAuth,codeSigning,emailProtection,timeStamping,OCSPSigning";
    let der = self_signed(&openssl, "-algorithm EC -pkeyopt ec_paramgen_curve:P-256", options);
    let details = CertificateDetails::parse(&der).unwrap();
    assert_eq!(
        details.key_usage(),
        Some(vec!["digitalSignature", "nonRepudiation", "keyAgreement", "decipherOnly"])
    );
    let purposes =
        ["serverAuth", "clientAuth", "codeSigning", "emailProtection", "timeStamping", "OCSPSigning"];
    assert_eq!(details.extended_key_usage(), Some(purposes.map(str::to_owned).to_vec()));
}

#[test]
fn version_1_certificate_without_extensions_is_read() {
    let openssl = OpenSsl::new();
    openssl.run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem");
    openssl.run("req -new -key key.pem -subj /CN=Old -out c.csr");
    openssl.run("x509 -req -in c.csr -signkey key.pem -days 30 -outform DER -out c.der");
    let details = CertificateDetails::parse(&openssl.read("c.der")).unwrap();
    assert_eq!(details.common_name().as_deref(), Some("Old"));
    assert!(!details.is_authority && details.subject_key_id.is_none() && details.key_usage().is_none());
    assert_eq!(details.verify_signed_by(details.public_key.as_ref().unwrap()), Ok(true));
}

#[test]
fn bytes_behind_the_certificate_are_cut_off() {
    let key = p256();
    let der = authority("CN=Root", &key).sign(Issuer::Itself, &key).unwrap();
    for filler in [&[0x00; 100][..], &[0xFF; 3], &[0x30, 0x03, 0x02, 0x01, 0x00], &der] {
        let details = CertificateDetails::parse(&[der.as_slice(), filler].concat()).unwrap();
        assert_eq!(details.der, der);
        assert_eq!(details.verify_signed_by(&key.public()), Ok(true));
    }
}
