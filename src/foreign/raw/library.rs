//! Loading a module: the shared object, its function list, initialisation. Knows no slots.

use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cryptoki_sys as ck;
use libloading::os::unix::{Library as SharedObject, RTLD_LOCAL, RTLD_NOW};

use super::{Answer, Fault, check};

/// Why a file is no usable module.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be loaded.
    #[error("{} is no library that can be loaded", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// What the loader says.
        #[source]
        source: libloading::Error,
    },
    /// It has no `C_GetFunctionList`.
    #[error("{} is no PKCS#11 module: it has no C_GetFunctionList", path.display())]
    NoModule {
        /// Which file.
        path: PathBuf,
    },
    /// It does not give a function list.
    #[error("{} gives no usable function list: {why}", path.display())]
    NoFunctions {
        /// Which file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// It does not initialise.
    #[error("{} does not initialise: {why}", path.display())]
    Initialize {
        /// Which file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
}

/// A loaded module. It stays loaded until the process ends: modules with threads of their own do not survive being unloaded.
pub struct Library {
    functions: ck::CK_FUNCTION_LIST,
    /// One call at a time: a module need not be able to do more.
    turn: Mutex<()>,
    /// True when C_Finalize is ours to call.
    initialized: Mutex<bool>,
}

impl Library {
    /// Loads a module and takes its function list. Calls no other function of it.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        // SAFETY: constructors of the library run; that the user wants this file to be loaded is the user's word.
        let object = unsafe { SharedObject::open(Some(path), RTLD_NOW | RTLD_LOCAL) }
            .map_err(|source| LoadError::Open { path: path.to_owned(), source })?;
        // SAFETY: the standard gives the symbol this type (PKCS#11 3.1, 5.4.4).
        let get = unsafe { object.get::<GetFunctionList>(b"C_GetFunctionList\0") };
        let Ok(get) = get.map(|get| *get) else {
            return Err(LoadError::NoModule { path: path.to_owned() });
        };
        // Never unloaded: see above.
        std::mem::forget(object);
        let functions = function_list(get)
            .map_err(|fault| LoadError::NoFunctions { path: path.to_owned(), why: fault.to_string() })?;
        Ok(Self { functions, turn: Mutex::new(()), initialized: Mutex::new(false) })
    }

    /// The version of the function list, major and minor.
    pub fn version(&self) -> (u8, u8) {
        (self.functions.version.major, self.functions.version.minor)
    }

    /// Entries that are NULL although every caller needs them.
    pub fn missing(&self) -> Vec<&'static str> {
        let list = &self.functions;
        let needed = [
            (list.C_Initialize.is_none(), "C_Initialize"),
            (list.C_Finalize.is_none(), "C_Finalize"),
            (list.C_GetInfo.is_none(), "C_GetInfo"),
            (list.C_GetSlotList.is_none(), "C_GetSlotList"),
            (list.C_GetSlotInfo.is_none(), "C_GetSlotInfo"),
            (list.C_GetTokenInfo.is_none(), "C_GetTokenInfo"),
            (list.C_OpenSession.is_none(), "C_OpenSession"),
            (list.C_CloseSession.is_none(), "C_CloseSession"),
            (list.C_Login.is_none(), "C_Login"),
            (list.C_FindObjectsInit.is_none(), "C_FindObjectsInit"),
            (list.C_FindObjects.is_none(), "C_FindObjects"),
            (list.C_FindObjectsFinal.is_none(), "C_FindObjectsFinal"),
            (list.C_GetAttributeValue.is_none(), "C_GetAttributeValue"),
        ];
        needed.into_iter().filter_map(|(is_missing, name)| is_missing.then_some(name)).collect()
    }

    /// Initialises the module, for use by several threads where it can. One that is initialised already (another part
    /// of this process uses it) is taken as it is, and not finalised.
    pub fn initialize(&self) -> Answer<()> {
        let initialize = self.functions.C_Initialize.ok_or(Fault::Missing { function: INITIALIZE })?;
        let mut arguments = ck::CK_C_INITIALIZE_ARGS {
            CreateMutex: None,
            DestroyMutex: None,
            LockMutex: None,
            UnlockMutex: None,
            flags: ck::CKF_OS_LOCKING_OK,
            pReserved: ptr::null_mut(),
        };
        let _turn = self.turn();
        // SAFETY: the structure lives until the call returns.
        let mut value = unsafe { initialize((&raw mut arguments).cast()) };
        if value == ck::CKR_CANT_LOCK || value == ck::CKR_ARGUMENTS_BAD {
            // SAFETY: NULL is what a caller with one thread gives; `turn` makes us that.
            value = unsafe { initialize(ptr::null_mut()) };
        }
        let ours = value != ck::CKR_CRYPTOKI_ALREADY_INITIALIZED;
        if ours {
            check(INITIALIZE, value)?;
        }
        *self.initialized.lock().unwrap_or_else(PoisonError::into_inner) = ours;
        Ok(())
    }

    /// Ends every session and login. Gives up when another thread is inside the module and does not come out.
    pub fn finalize(&self) -> Answer<()> {
        let mut initialized = self.initialized.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::take(&mut *initialized) {
            return Ok(());
        }
        let finalize = self.functions.C_Finalize.ok_or(Fault::Missing { function: FINALIZE })?;
        let Some(_turn) = self.turn_soon() else {
            return Err(Fault::Lies { function: FINALIZE, why: "another call does not return" });
        };
        // SAFETY: the argument is reserved and has to be NULL.
        check(FINALIZE, unsafe { finalize(ptr::null_mut()) })
    }

    /// The functions, for one call.
    pub(super) fn call(&self) -> (&ck::CK_FUNCTION_LIST, MutexGuard<'_, ()>) {
        (&self.functions, self.turn())
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn_soon(&self) -> Option<MutexGuard<'_, ()>> {
        for _ in 0..PATIENCE {
            match self.turn.try_lock() {
                Ok(guard) => return Some(guard),
                Err(std::sync::TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                Err(std::sync::TryLockError::WouldBlock) => {
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
            }
        }
        None
    }
}

type GetFunctionList = unsafe extern "C" fn(*mut *mut ck::CK_FUNCTION_LIST) -> ck::CK_RV;

/// The function list by value: the module cannot change it afterwards.
fn function_list(get: GetFunctionList) -> Answer<ck::CK_FUNCTION_LIST> {
    const FUNCTION: &str = "C_GetFunctionList";
    let mut list: *mut ck::CK_FUNCTION_LIST = ptr::null_mut();
    // SAFETY: the argument points to room for one pointer.
    check(FUNCTION, unsafe { get(&raw mut list) })?;
    if list.is_null() || !list.is_aligned() {
        return Err(Fault::Lies { function: FUNCTION, why: "it points nowhere" });
    }
    // SAFETY: not NULL and aligned; that a version stands there is the module's promise.
    let version = unsafe { (*list).version };
    if !matches!(version.major, 2 | 3) {
        return Err(Fault::Lies { function: FUNCTION, why: "a version that PKCS#11 does not have" });
    }
    // SAFETY: the lists of versions 2 and 3 begin alike, with these entries.
    Ok(unsafe { ptr::read(list) })
}

const INITIALIZE: &str = "C_Initialize";
const FINALIZE: &str = "C_Finalize";
/// Hundredths of a second that the end of the process waits for a call that is going on.
const PATIENCE: usize = 200;
