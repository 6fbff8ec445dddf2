//! The ISO 7816-15 (PKCS#15) file format: directories, objects, paths. No APDUs here.
