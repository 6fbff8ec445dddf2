//! What C gives, read as values: parameters of mechanisms byte for byte, and everything that is none.

use super::*;

#[test]
fn slice_null_is_only_good_for_nothing() {
    // SAFETY: NULL is allowed.
    unsafe {
        assert!(slice::<u8>(std::ptr::null(), 0).is_ok_and(<[u8]>::is_empty));
        assert!(slice::<u8>(std::ptr::null(), 1).is_err());
        assert!(slice(&raw const *b"x", ck::CK_ULONG::MAX).is_err());
    }
}

// I.49
#[test]
fn value_number_of_wrong_size_is_refused() {
    assert!(value(AttributeType::CLASS, &[0; 4]).is_err());
    assert!(value(AttributeType::CLASS, &[0; 8]).is_ok());
}

// I.51
#[test]
fn value_empty_date_is_no_date() {
    assert!(matches!(value(AttributeType::START_DATE, b""), Ok(Value::Date(None))));
    assert!(matches!(
        value(AttributeType::START_DATE, b"20261123"),
        Ok(Value::Date(Some(Date { year: 2026, month: 11, day: 23 })))
    ));
    assert!(value(AttributeType::START_DATE, b"2026").is_err());
}

/// What C hands over: the parameters' bytes one byte off their alignment, and their length.
fn call<T: Copy>(id: ck::CK_MECHANISM_TYPE, raw: T, len: usize) -> Result<MechanismCall, ck::CK_RV> {
    let mut bytes = vec![0u8; size_of::<T>() + 1];
    // SAFETY: there is room for one T behind the first byte.
    unsafe { bytes.as_mut_ptr().add(1).cast::<T>().write_unaligned(raw) };
    let start = bytes[1..].as_mut_ptr().cast();
    with_pointer(id, start, len as ck::CK_ULONG)
}

fn with_pointer(
    id: ck::CK_MECHANISM_TYPE,
    pointer: ck::CK_VOID_PTR,
    len: ck::CK_ULONG,
) -> Result<MechanismCall, ck::CK_RV> {
    let call = ck::CK_MECHANISM { mechanism: id, pParameter: pointer, ulParameterLen: len };
    // SAFETY: the tests below give NULL or what lives long enough.
    unsafe { mechanism(&raw const call) }.map_err(|fault| fault.return_value())
}

const INVALID: ck::CK_RV = ck::CKR_MECHANISM_PARAM_INVALID;
const PSS_LEN: usize = size_of::<ck::CK_RSA_PKCS_PSS_PARAMS>();
const OAEP_LEN: usize = size_of::<ck::CK_RSA_PKCS_OAEP_PARAMS>();

fn raw_pss(hash: ck::CK_ULONG, mgf: ck::CK_ULONG) -> ck::CK_RSA_PKCS_PSS_PARAMS {
    ck::CK_RSA_PKCS_PSS_PARAMS { hashAlg: hash, mgf, sLen: 20 }
}

fn raw_oaep(label: &[u8]) -> ck::CK_RSA_PKCS_OAEP_PARAMS {
    ck::CK_RSA_PKCS_OAEP_PARAMS {
        hashAlg: ck::CKM_SHA256,
        mgf: ck::CKG_MGF1_SHA1,
        source: ck::CKZ_DATA_SPECIFIED,
        pSourceData: label.as_ptr().cast_mut().cast(),
        ulSourceDataLen: label.len() as ck::CK_ULONG,
    }
}

#[test]
fn mechanism_pss_parameters_are_read() {
    for (hash, mgf, digest) in HASHES {
        let parameters = PssParameters { hash: digest, mgf: digest, salt_len: 20 };
        let expected =
            MechanismCall { id: MechanismId::RSA_PKCS_PSS, parameters: Parameters::Pss(parameters) };
        assert_eq!(call(ck::CKM_RSA_PKCS_PSS, raw_pss(hash, mgf), PSS_LEN), Ok(expected));
    }
}

// I.63
#[test]
fn mechanism_pss_parameters_that_are_none_are_refused() {
    let good = raw_pss(ck::CKM_SHA256, ck::CKG_MGF1_SHA256);
    for id in [ck::CKM_RSA_PKCS_PSS, ck::CKM_SHA256_RSA_PKCS_PSS] {
        for len in [0, 1, PSS_LEN - 1, PSS_LEN + 1, OAEP_LEN, usize::MAX] {
            assert_eq!(call(id, good, len), Err(INVALID), "{len}");
        }
        for len in [0, PSS_LEN] {
            assert_eq!(with_pointer(id, std::ptr::null_mut(), len as ck::CK_ULONG), Err(INVALID));
        }
        for (hash, mgf) in [(0, 2), (ck::CKM_SHA256, 0), (ck::CKM_SHA256, 99), (ck::CKM_MD5, 1)] {
            assert_eq!(call(id, raw_pss(hash, mgf), PSS_LEN), Err(INVALID), "{hash} {mgf}");
        }
    }
}

#[test]
fn mechanism_oaep_parameters_are_read() {
    let read = |raw: ck::CK_RSA_PKCS_OAEP_PARAMS| match call(ck::CKM_RSA_PKCS_OAEP, raw, OAEP_LEN) {
        Ok(MechanismCall { parameters: Parameters::Oaep { hash, mgf, label }, .. }) => {
            assert_eq!((hash, mgf), (DigestAlgorithm::Sha256, DigestAlgorithm::Sha1));
            Ok(label)
        }
        Ok(_) => panic!("parameters of another kind"),
        Err(code) => Err(code),
    };
    assert_eq!(read(raw_oaep(b"a label")), Ok(b"a label".to_vec()));
    let null = std::ptr::null_mut();
    for source in [0, ck::CKZ_DATA_SPECIFIED] {
        let none = ck::CK_RSA_PKCS_OAEP_PARAMS { source, pSourceData: null, ..raw_oaep(b"") };
        assert_eq!(read(none), Ok(Vec::new()));
    }
    for bad in [
        ck::CK_RSA_PKCS_OAEP_PARAMS { source: 0, ..raw_oaep(b"x") },
        ck::CK_RSA_PKCS_OAEP_PARAMS { source: 2, ..raw_oaep(b"") },
        ck::CK_RSA_PKCS_OAEP_PARAMS { pSourceData: null, ..raw_oaep(b"x") },
        ck::CK_RSA_PKCS_OAEP_PARAMS { ulSourceDataLen: ck::CK_ULONG::MAX, ..raw_oaep(b"x") },
        ck::CK_RSA_PKCS_OAEP_PARAMS { ulSourceDataLen: MAX_LABEL + 1, ..raw_oaep(b"x") },
        ck::CK_RSA_PKCS_OAEP_PARAMS { hashAlg: ck::CKM_RSA_PKCS, ..raw_oaep(b"") },
        ck::CK_RSA_PKCS_OAEP_PARAMS { mgf: 10, ..raw_oaep(b"") },
    ] {
        assert_eq!(read(bad), Err(INVALID));
    }
    for len in [0, OAEP_LEN - 8, OAEP_LEN + 8] {
        assert_eq!(call(ck::CKM_RSA_PKCS_OAEP, raw_oaep(b""), len), Err(INVALID));
    }
}

#[test]
fn mechanism_parameters_of_ciphers_and_derivations_are_read() {
    let iv = [9u8; 16];
    let read = call(ck::CKM_AES_CBC, iv, 16).map(|call| call.parameters);
    assert_eq!(read, Ok(Parameters::Iv(iv)));
    let raw = ck::CK_AES_CTR_PARAMS { ulCounterBits: 32, cb: iv };
    let read = call(ck::CKM_AES_CTR, raw, size_of_val(&raw)).map(|call| call.parameters);
    assert_eq!(read, Ok(Parameters::Counter { block: iv, bits: 32 }));
    let len: ck::CK_ULONG = 12;
    let read = call(ck::CKM_SHA256_HMAC_GENERAL, len, 8).map(|call| call.parameters);
    assert_eq!(read, Ok(Parameters::MacLen(12)));
    let raw = raw_gcm(&iv[..12], b"beside");
    let read = call(ck::CKM_AES_GCM, raw, size_of_val(&raw)).map(|call| call.parameters);
    let (nonce, associated_data) = (iv[..12].to_vec(), b"beside".to_vec());
    assert_eq!(read, Ok(Parameters::Gcm { nonce, associated_data, tag_bits: 128 }));
    for (number, digest) in KDFS {
        let raw = raw_ecdh(number, b"point");
        let read = call(ck::CKM_ECDH1_DERIVE, raw, size_of_val(&raw)).map(|call| call.parameters);
        let (kdf, peer) = (Kdf::X963(digest), b"point".to_vec());
        assert_eq!(read, Ok(Parameters::Ecdh { kdf, shared_info: Vec::new(), peer }));
    }
    let raw = raw_hkdf(ck::CKF_HKDF_SALT_DATA, &iv);
    let read = call(ck::CKM_HKDF_DERIVE, raw, size_of_val(&raw)).map(|call| call.parameters);
    let (hash, salt) = (DigestAlgorithm::Sha256, HkdfSalt::Data(iv.to_vec()));
    assert_eq!(read, Ok(Parameters::Hkdf { hash, extract: true, expand: true, salt, info: Vec::new() }));
}

// I.63
#[test]
fn mechanism_parameters_of_ciphers_and_derivations_that_are_none_are_refused() {
    let null = std::ptr::null_mut();
    for id in [
        ck::CKM_AES_CBC,
        ck::CKM_AES_CTR,
        ck::CKM_AES_GCM,
        ck::CKM_ECDH1_DERIVE,
        ck::CKM_HKDF_DERIVE,
        ck::CKM_AES_CMAC_GENERAL,
    ] {
        for len in [0, 1, 7, 15, 17, 200] {
            assert_eq!(call(id, [0u8; 256], len), Err(INVALID), "{id:#x} {len}");
            assert_eq!(with_pointer(id, null, len as ck::CK_ULONG), Err(INVALID));
        }
    }
    let gcm = raw_gcm(&[0; 12], b"beside");
    for bad in [
        ck::CK_GCM_PARAMS { pIv: null.cast(), ..gcm },
        ck::CK_GCM_PARAMS { pAAD: null.cast(), ..gcm },
        ck::CK_GCM_PARAMS { ulAADLen: ck::CK_ULONG::MAX, ..gcm },
    ] {
        assert_eq!(call(ck::CKM_AES_GCM, bad, size_of_val(&bad)), Err(INVALID));
    }
    for kdf in [0, ck::CKD_SHA1_KDF_ASN1, 99] {
        let bad = raw_ecdh(kdf, b"point");
        assert_eq!(call(ck::CKM_ECDH1_DERIVE, bad, size_of_val(&bad)), Err(INVALID));
    }
    let bad = ck::CK_ECDH1_DERIVE_PARAMS { pPublicData: null.cast(), ..raw_ecdh(ck::CKD_NULL, b"x") };
    assert_eq!(call(ck::CKM_ECDH1_DERIVE, bad, size_of_val(&bad)), Err(INVALID));
    let bad = raw_hkdf(0, b"");
    assert_eq!(call(ck::CKM_HKDF_DERIVE, bad, size_of_val(&bad)), Err(INVALID));
    let bad = ck::CK_HKDF_PARAMS { prfHashMechanism: ck::CKM_MD5, ..raw_hkdf(1, b"") };
    assert_eq!(call(ck::CKM_HKDF_DERIVE, bad, size_of_val(&bad)), Err(INVALID));
}

fn raw_gcm(nonce: &[u8], beside: &[u8]) -> ck::CK_GCM_PARAMS {
    ck::CK_GCM_PARAMS {
        pIv: nonce.as_ptr().cast_mut(),
        ulIvLen: nonce.len() as ck::CK_ULONG,
        ulIvBits: 0,
        pAAD: beside.as_ptr().cast_mut(),
        ulAADLen: beside.len() as ck::CK_ULONG,
        ulTagBits: 128,
    }
}

fn raw_ecdh(kdf: ck::CK_EC_KDF_TYPE, peer: &[u8]) -> ck::CK_ECDH1_DERIVE_PARAMS {
    ck::CK_ECDH1_DERIVE_PARAMS {
        kdf,
        ulSharedDataLen: 0,
        pSharedData: std::ptr::null_mut(),
        ulPublicDataLen: peer.len() as ck::CK_ULONG,
        pPublicData: peer.as_ptr().cast_mut(),
    }
}

fn raw_hkdf(salt_type: ck::CK_ULONG, salt: &[u8]) -> ck::CK_HKDF_PARAMS {
    ck::CK_HKDF_PARAMS {
        bExtract: 1,
        bExpand: 1,
        prfHashMechanism: ck::CKM_SHA256,
        ulSaltType: salt_type,
        pSalt: salt.as_ptr().cast_mut(),
        ulSaltLen: salt.len() as ck::CK_ULONG,
        hSaltKey: 0,
        pInfo: std::ptr::null_mut(),
        ulInfoLen: 0,
    }
}

#[test]
fn mechanism_without_parameters_takes_none() {
    let pss = raw_pss(ck::CKM_SHA256, ck::CKG_MGF1_SHA256);
    assert_eq!(call(ck::CKM_SHA256_RSA_PKCS, pss, PSS_LEN), Err(INVALID));
    // A pointer to nothing is nothing.
    let plain = call(ck::CKM_SHA256_RSA_PKCS, pss, 0);
    assert_eq!(plain, Ok(MechanismId::SHA256_RSA_PKCS.into()));
    assert_eq!(call(0x9999, pss, 0), Err(ck::CKR_MECHANISM_INVALID));
    // SAFETY: NULL is allowed.
    assert!(unsafe { mechanism(std::ptr::null()) }.is_err());
}
